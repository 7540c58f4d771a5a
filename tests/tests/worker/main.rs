//! One worker in the process of the tests, which hold its clock, its queue and its database.

mod days;
mod lane_orders;
mod stage;
mod trouble;
mod watched_queue;
