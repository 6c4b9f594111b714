//! `cancel RUN`: stops before the next step. What is done stays done, and the card lists it.

use crate::bot::app::App;
use crate::bot::decisions::cancel::stop;
use crate::bot::private::Ear;

pub(super) async fn cancel(app: &App, ear: &Ear, run: &str) {
    stop(app, ear, run).await;
}
