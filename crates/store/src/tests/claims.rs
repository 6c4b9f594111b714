//! Claims: which run may change an identity, or the whole tenant.

use super::super::{AppendError, AppendOptions, Tenant};
use super::{Place, appended, entry, opened};

pub fn claiming(identities: &[&str]) -> AppendOptions {
    AppendOptions {
        claim: identities.iter().map(|&identity| identity.to_owned()).collect(),
        ..AppendOptions::default()
    }
}

pub async fn an_identity_belongs_to_one_open_run(place: &Place) {
    let store = place.open().await;
    let (first, second) = (opened(&store).await, opened(&store).await);
    appended(&store, &first, "planned", claiming(&["account:1", "idp:1"])).await;
    // A run may claim again what it already holds.
    appended(&store, &first, "planned", claiming(&["account:1", "scim:1"])).await;
    let refused = store.append(&second, 1, None, &[entry("planned")], claiming(&["free:1", "scim:1"])).await;
    match refused {
        Err(AppendError::Claimed { by_run, identity }) => {
            assert_eq!((by_run, identity), (first.clone(), "scim:1".into()))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(store.claimed_by("free:1").await.unwrap(), None);
    appended(&store, &first, "ended", AppendOptions { end: true, ..AppendOptions::default() }).await;
    assert_eq!(store.claimed_by("scim:1").await.unwrap(), None);
    appended(&store, &second, "planned", claiming(&["scim:1"])).await;
    assert_eq!(store.claimed_by("scim:1").await.unwrap(), Some(second));
}

pub async fn one_of_many_claims_wins(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let mut tasks = Vec::new();
    for n in 0..16 {
        let store = stores[n % 2].clone();
        tasks.push(tokio::spawn(async move {
            let run = opened(&store).await;
            (run.clone(), store.append(&run, 1, None, &[entry("planned")], claiming(&["account:1"])).await)
        }));
    }
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            (run, Ok(_)) => won.push(run),
            (_, Err(AppendError::Claimed { by_run, .. })) => lost.push(by_run),
            (_, Err(other)) => panic!("{other:?}"),
        }
    }
    assert_eq!((won.len(), lost.len()), (1, 15));
    assert!(lost.iter().all(|run| *run == won[0]));
}

pub async fn the_tenant_is_shared_or_taken_alone(place: &Place) {
    let store = place.open().await;
    let (one, two, all) = (opened(&store).await, opened(&store).await, opened(&store).await);
    let tenant = |tenant| AppendOptions { tenant: Some(tenant), ..AppendOptions::default() };
    let ended = || AppendOptions { end: true, ..AppendOptions::default() };
    appended(&store, &one, "planned", tenant(Tenant::Shared)).await;
    appended(&store, &two, "planned", tenant(Tenant::Shared)).await;
    let refused = store.append(&all, 1, None, &[entry("planned")], tenant(Tenant::Exclusive)).await;
    assert!(matches!(refused, Err(AppendError::Claimed { .. })), "{refused:?}");
    appended(&store, &one, "ended", ended()).await;
    appended(&store, &two, "ended", ended()).await;
    appended(&store, &all, "planned", tenant(Tenant::Exclusive)).await;
    appended(&store, &all, "planned", tenant(Tenant::Shared)).await;
    let late = opened(&store).await;
    let refused = store.append(&late, 1, None, &[entry("planned")], tenant(Tenant::Shared)).await;
    assert!(matches!(&refused, Err(AppendError::Claimed { by_run, .. }) if *by_run == all), "{refused:?}");
}
