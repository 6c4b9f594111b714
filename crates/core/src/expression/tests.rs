use super::{Expression, Mapped};
use crate::evidence::IdpUser;

fn jane() -> IdpUser {
    IdpUser {
        id: "11111111-1111-4111-8111-111111111111".to_owned(),
        upn: Some("Jane.Doe@acme.example".to_owned()),
        mail: Some("jane@acme.example".to_owned()),
        name: Some("Jané Doe".to_owned()),
        enabled: Some(true),
        attributes: [("mailNickname".to_owned(), "jdoe".to_owned())].into(),
        ..IdpUser::default()
    }
}

fn mapped(expression: &str, person: &IdpUser) -> Mapped {
    Expression::parse(expression).map_or(Mapped::Unread, |parsed| parsed.mapped(person))
}

#[test]
fn every_function_does_what_the_reference_says() {
    for (expression, wanted) in [
        ("[objectId]", "11111111-1111-4111-8111-111111111111"),
        ("[mailNickname]", "jdoe"),
        (" [ mail ] ", "jane@acme.example"),
        ("\"fixed \\\"x\\\"\"", "fixed \"x\""),
        ("Coalesce([employeeId], [mailNickname])", "jdoe"),
        ("ToLower([userPrincipalName])", "jane.doe@acme.example"),
        ("ToUpper([mailNickname])", "JDOE"),
        ("IIF(IsPresent([employeeId]), [employeeId], [mail])", "jane@acme.example"),
        ("IIF(IsNullOrEmpty([employeeId]), \"none\", [employeeId])", "none"),
        ("IIF(Not(IsPresent([mail])), \"a\", \"b\")", "b"),
        ("IIF([mailNickname]=\"jdoe\", \"yes\", \"no\")", "yes"),
        ("IIF([mailNickname]<>\"jdoe\", \"yes\", \"no\")", "no"),
        ("Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")", "True"),
        ("Switch([mailNickname], \"other\", \"x\", \"y\")", "other"),
        ("Append([mailNickname], \"@acme.example\")", "jdoe@acme.example"),
        ("Join(\"-\", [mailNickname], \"x\")", "jdoe-x"),
        ("Replace([mail], \"@acme.example\", , , \"@new.example\", , )", "jane@new.example"),
        ("Left([mailNickname], 2)", "jd"),
        ("Right([mailNickname], 3)", "doe"),
        ("Mid([mailNickname], 2, 2)", "do"),
        ("Item(Split([mail], \"@\"), 1)", "jane"),
        ("Trim(\"  a b \")", "a b"),
        ("StripSpaces(\" a b \")", "ab"),
        ("NormalizeDiacritics([displayName])", "Jane Doe"),
        ("[accountEnabled]", "True"),
    ] {
        assert_eq!(mapped(expression, &jane()), Mapped::One(wanted.to_owned()), "{expression}");
    }
    assert_eq!(mapped("[employeeId]", &jane()), Mapped::Empty);
    assert_eq!(mapped("Coalesce([employeeId], [extensionAttribute1])", &jane()), Mapped::Empty);
}

#[test]
fn what_is_not_understood_or_not_read_has_no_value() {
    for expression in [
        "",
        "[mail",
        "mail",
        "[mail] [mail]",
        "SingleAppRoleAssignment([appRoleAssignments])",
        "[extension_1234_code]",
        "[proxyAddresses]",
        "ToLower([mail], \"tr\")",
        "Append([employeeId], \"x\")",
        "Join(\"-\", [employeeId], \"x\")",
        "Replace([mail], , \"(.*)@\", , \"x\", , )",
        "Item([mail], 1)",
        "Item(Split([mail], \"@\"), 0)",
        "Switch([mailNickname], \"other\", \"JDOE\", \"y\")",
        "IIF([mailNickname]=\"JDOE\", \"yes\", \"no\")",
        "NormalizeDiacritics(\"Øster\")",
        "Coalesce(",
    ] {
        assert_eq!(mapped(expression, &jane()), Mapped::Unread, "{expression}");
    }
    let deep = format!("{}[mail]{}", "ToLower(".repeat(40), ")".repeat(40));
    assert_eq!(mapped(&deep, &jane()), Mapped::Unread);
    // If only the id of a person may be read, every other attribute is unread, not empty.
    let hidden = IdpUser { id: "x".to_owned(), ..IdpUser::default() };
    assert_eq!(mapped("[mailNickname]", &hidden), Mapped::Unread);
    assert_eq!(mapped("[objectId]", &hidden), Mapped::One("x".to_owned()));
}

#[test]
fn the_name_of_a_guest_is_one_of_two() {
    let guest = IdpUser {
        upn: Some("sam_partner.example#EXT#@acme.onmicrosoft.com".to_owned()),
        mail: Some("sam@partner.example".to_owned()),
        ..jane()
    };
    let both = mapped("[userPrincipalName]", &guest);
    assert_eq!(both.one(), None);
    assert!(both.may_be("SAM@partner.example") && both.may_be("sam_partner.example@acme.onmicrosoft.com"));
    assert!(!both.may_be("jane@acme.example"));
    assert_eq!(mapped("[mail]", &guest), Mapped::One("sam@partner.example".to_owned()));
}

#[test]
fn an_owner_is_looked_up_only_by_what_a_value_can_be_traced_to() {
    let traced = |text: &str| {
        let parsed = Expression::parse(text).unwrap();
        let all = parsed.traced("7-X")?;
        Some(all.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(traced("[mailNickname]").as_deref(), Some("mailNickname=7-X"));
    assert_eq!(traced("ToLower([employeeId])").as_deref(), Some("employeeId=7-X"));
    assert_eq!(traced("Coalesce([employeeId], [mail])").as_deref(), Some("employeeId=7-X mail=7-X"));
    assert_eq!(traced("Append(ToLower([employeeId]), \"-x\")").as_deref(), Some("employeeId=7"));
    assert_eq!(traced("Append([employeeId], \"-y\")").as_deref(), Some(""), "nobody is written so");
    assert_eq!(traced("Append([employeeId], [mail])"), None);
    assert_eq!(traced("Join(\"-\", [employeeId], \"x\")"), None);
    assert_eq!(traced("Coalesce([employeeId], \"x\")"), None);
    let parsed = Expression::parse("IIF([a]=\"x\", [b], ToLower([c]))").unwrap();
    assert_eq!(parsed.attributes().into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn an_attribute_that_is_not_read_with_every_user_is_looked_up_as_well() {
    let parsed = Expression::parse("[extension_ab12_empNo]").unwrap();
    assert_eq!(parsed.traced("x"), Some(vec![("extension_ab12_empNo", "x".to_owned())]));
}

#[test]
fn nothing_is_traced_to_what_nobody_can_be_looked_up_by() {
    for text in [
        "[userPrincipalName]",
        "ToLower([userPrincipalName])",
        "Coalesce([mail], [userType])",
        "[accountEnabled]",
        "ToLower([mailNickname], \"tr\")",
    ] {
        assert_eq!(Expression::parse(text).unwrap().traced("x"), None, "{text}");
    }
}
