//! `cancel RUN`: stops a run before its next step, or a sweep before its next page or repair. Finished steps are not
//! undone, and the card lists them.

use super::which_run;
use crate::bot::app::App;
use crate::bot::decisions::cancel::stop;
use crate::bot::private::ReplyTo;
use crate::slack::run_ref::RunRef;

pub(super) async fn cancel(app: &App, reply_to: &ReplyTo, run: &RunRef) {
    match which_run::only(app, reply_to, run).await {
        Ok(id) => stop(app, reply_to, &id).await,
        Err(answer) => app.reply(reply_to, &answer).await,
    }
}
