//! The client library of the bot parses the answers of this workspace with its own strict models.

use slack_morphism::prelude::*;

use super::*;

#[tokio::test]
async fn the_library_understands_every_answer() {
    let house = house().await;
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .unwrap()
        .https_or_http()
        .enable_http1()
        .build();
    let connector =
        SlackClientHyperConnector::from(connector).with_slack_api_url(&format!("{}/api", house.at.url()));
    let client = SlackClient::new(connector);
    let token = SlackApiToken::new("xoxb-1".into());
    let session = client.open_session(&token);
    let channel = SlackChannelId("C0ADMINS".to_owned());
    let ada = SlackUserId("U0ADA".to_owned());

    assert_eq!(session.auth_test().await.unwrap().team_id, "T0ACME".into());
    let user = session.users_info(&SlackApiUsersInfoRequest::new(ada.clone())).await.unwrap().user;
    assert_eq!(user.profile.unwrap().email.unwrap(), "ada@acme.example".into());
    session
        .users_lookup_by_email(&SlackApiUsersLookupByEmailRequest::new("ADA@acme.example".into()))
        .await
        .unwrap();
    let groups = session.usergroups_list(&SlackApiUserGroupsListRequest::new()).await.unwrap();
    assert_eq!(groups.usergroups[0].handle, "desk");
    let request = SlackApiUserGroupsUsersListRequest::new("S0DESK".into());
    assert_eq!(session.usergroups_users_list(&request).await.unwrap().users.len(), 2);
    let request = SlackApiConversationsInfoRequest::new(channel.clone());
    assert_eq!(session.conversations_info(&request).await.unwrap().channel.flags.is_member, Some(true));
    let request = SlackApiConversationsMembersRequest::new().with_channel(channel.clone());
    assert_eq!(session.conversations_members(&request).await.unwrap().members.len(), 3);
    let request = SlackApiConversationsOpenRequest::new().with_users(vec![ada.clone()]);
    session.conversations_open(&request).await.unwrap();

    let blocks: Vec<SlackBlock> = serde_json::from_value(buttons()).unwrap();
    let content = SlackMessageContent::new().with_text("hello".into()).with_blocks(blocks);
    let post = SlackApiChatPostMessageRequest::new(channel.clone(), content.clone());
    let posted = session.chat_post_message(&post).await.unwrap();
    let update = SlackApiChatUpdateRequest::new(channel.clone(), content.clone(), posted.ts.clone());
    session.chat_update(&update).await.unwrap();
    let private = SlackApiChatPostEphemeralRequest::new(channel.clone(), ada.clone(), content);
    session.chat_post_ephemeral(&private).await.unwrap();
    let link = SlackApiChatGetPermalinkRequest::new(channel.clone(), posted.ts.clone());
    session.chat_get_permalink(&link).await.unwrap();
    let eyes = SlackApiReactionsAddRequest::new(channel.clone(), "eyes".into(), posted.ts.clone());
    session.reactions_add(&eyes).await.unwrap();

    let trigger = lock(&house.state).new_trigger("U0ADA", crate::clock::now());
    let modal = || SlackView::Modal(SlackModalView::new(pt!("Who?"), Vec::new()));
    let opened = session.views_open(&SlackApiViewsOpenRequest::new(trigger.into(), modal())).await.unwrap();
    let update = SlackApiViewsUpdateRequest::new(modal()).with_view_id(opened.view.state_params.id);
    session.views_update(&update).await.unwrap();
    let home = SlackView::Home(SlackHomeView::new(Vec::new()));
    session.views_publish(&SlackApiViewsPublishRequest::new(ada, home)).await.unwrap();
    session.chat_delete(&SlackApiChatDeleteRequest::new(channel, posted.ts)).await.unwrap();
    assert_eq!(house.wire.faults(), Vec::<String>::new());
}
