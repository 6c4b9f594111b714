//! `cancel RUN`: stops a run before its next step, or a sweep before its next page or repair. Finished steps are not
//! undone, and the card lists them.

use crate::bot::app::App;
use crate::bot::decisions::cancel::stop;
use crate::bot::private::ReplyTo;

pub(super) async fn cancel(app: &App, reply_to: &ReplyTo, run: &str) {
    stop(app, reply_to, run).await;
}
