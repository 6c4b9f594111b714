//! `cancel RUN`: stops a run before its next step, or a sweep before its next page or repair. What is done stays done, and
//! the card lists it.

use crate::app::App;
use crate::slack::interaction::stop;
use crate::slack::private::Ear;

pub(super) async fn cancel(app: &App, ear: &Ear, run: &str) {
    stop(app, ear, run).await;
}
