//! The words that stay in a bundle as they are: the technical terms of the vendors and of this program, and common
//! words. A list of what stays is safe where a list of what goes is not: a word that nobody thought of is replaced.

/// Parts of names and addresses with a meaning of their own, lower case.
pub(super) const FIXED_PARTS: &[&str] = &["#ext#", "+atlassian_conflict", "+duplicated", ".onmicrosoft.com"];

/// Whether a part of a resource (ARI) names its type.
pub(super) fn is_resource_type(part: &str) -> bool {
    let name = part.trim_end_matches([':', '/']);
    ["", "site", "workspace", "org", "instance", "app", "product"].contains(&name)
}

/// Whether a word is a technical or common one. The parts of `RequestDenied` count one by one.
pub(super) fn is_technical(word: &str) -> bool {
    let is_known = |part: &str| {
        let lower = part.to_lowercase();
        WORDS.split_whitespace().any(|known| known == lower)
    };
    is_known(word) || camel_parts(word).into_iter().all(is_known)
}

/// `RequestDenied` has the parts `Request` and `Denied`.
fn camel_parts(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before_is_lower = false;
    for (at, letter) in word.char_indices() {
        if letter.is_uppercase() && before_is_lower {
            parts.extend(word.get(start..at));
            start = at;
        }
        before_is_lower = letter.is_lowercase();
    }
    parts.extend(word.get(start..));
    parts
}

const WORDS: &str = "
    a aadsts about above access account accounts action activate activated active activity add added address
    addresses admin administrator after again all allow allowed already also an and another answer answered
    any app application applications apps ari as asked assigned assignment assignments at atlassian attempt
    attribute attributes audit authentication authorization azure bad be because been before began begun
    below beta between blocked body but by bytes call called calls can cannot certificate changed check
    claim claimed client closed cloud code codes configured conflict confluence connect connection contains
    core could create created credential credentials cycle data database date day days deactivated default
    delete deleted deletion denied department description detail details did directories directory disable
    disabled display displayname do does domain domains done due duplicate each effective effectively email
    emails empty enable enabled end ended enough enterprise entitled entra entries entry eq equals error
    exception exchange exist existing exists expected expired export extension external externalid failed
    failure false family field file filter filtered first for forbidden foreign formatted found from full
    garbled gateway get given go gone granted graph group groups guest had has have header held holds host
    hour hours http https id identity ietf if ignored import in inactive incompatible incomplete information
    insufficient integer internal interval into invalid is it item items its jira job jobs json key keys
    last later least licence license limit limited link linked links list listed local locked log login long
    longer made mail management manager mandatory many mapping match matched matching maximum may member
    members membership message method microsoft minute minutes missing mode more must name named names needs
    network never new newer next no none not nothing now null number numbers object objects of off office
    old on one only open operation or org organization organizations original other our out outcome over own
    owner page pages parameter params parse password path paused pending permission permissions person phone
    please point points policy port post present primary privilege privileges problem processing product
    program property provision provisioned provisioning proxy quarantine query quota rate read reading
    reason received record records redirect redundant refused refuses regard rejected remote remove removed
    renamed repeated replaced request requested requestor requests required requires reset resource response
    result retried retries retry returned role roles rule rules run running s same say says schema schemas
    scim scimtype scope scoped scopes second seconds secret see sent server service services session set
    settings shown sign site sites size skipped so software some source started state status statuscode
    still stopped store such suspended sync synced synchronization system table target task tenant than that
    the their them then there these they this time timed timeout times title to token too took tool tried
    true try tunnel two type types unable unauthenticated unauthorized unavailable understood unexpected
    unique uniqueness unknown unlinked unmanaged unprocessable unread until unverified up update updated
    upstream urn use used user username userprincipalname users utc value values verified version via wait
    was web were what when where which while who whole why will window with within without work workspace
    workspaces would write written wrong yet you your z zero
";

#[cfg(test)]
mod tests {
    use super::{camel_parts, is_technical};

    #[test]
    fn words_are_found_alone_and_in_parts() {
        assert!(is_technical("Provisioning") && is_technical("RequestDenied") && is_technical("userName"));
        assert!(!is_technical("Jane") && !is_technical("userJane"));
        assert_eq!(camel_parts("RequestDenied"), ["Request", "Denied"]);
    }
}
