//! `cancel RUN`: stops a run before its next step, or a sweep before its next page or repair. Finished steps are not
//! undone, and the card lists them.

use crate::bot::app::App;
use crate::bot::decisions::cancel::stop;
use crate::bot::private::ReplyTo;

pub(super) async fn cancel(app: &App, ear: &ReplyTo, run: &str) {
    stop(app, ear, run).await;
}
