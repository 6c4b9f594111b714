//! `cancel RUN`: stops a run before its next step, or a sweep before its next page or repair. What is done stays done, and
//! the card lists it.

use crate::bot::app::App;
use crate::bot::decisions::cancel::stop;
use crate::bot::private::Ear;

pub(super) async fn cancel(app: &App, ear: &Ear, run: &str) {
    stop(app, ear, run).await;
}
