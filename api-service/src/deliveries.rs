//! Deliveries as clients watch them: how many may, for how long they may, and what each is told.

mod access;
mod places;
mod stream;
mod subscription;

pub(crate) use access::Access;
pub(crate) use places::{NoPlace, Places};
pub(crate) use stream::{Stream, Timing};
pub(crate) use subscription::Subscription;
