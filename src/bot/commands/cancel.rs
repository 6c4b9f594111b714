//! `cancel RUN`: stops before the next step. What is done stays done, and the card lists it.

use crate::app::App;
use crate::slack::interaction::stop;
use crate::slack::private::Ear;

pub(super) async fn cancel(app: &App, ear: &Ear, run: &str) {
    stop(app, ear, run).await;
}
