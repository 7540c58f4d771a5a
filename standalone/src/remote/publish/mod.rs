//! `auditstream publish`: publishes the events of a file, in their order, and says how far it got.

mod account;
mod answer;
mod batch;
mod events;
mod prepare;
mod progress;
mod reading;
mod sending;

use shared::process::EndSignal;

use self::account::{Account, Problem};
use self::batch::Batch;
use self::progress::Progress;
use self::reading::{Read, Reading};
use self::sending::Sending;
use super::{client, output};
use crate::arguments::remote::Publish;

/// Publishes, and says what came of it; false when not all events are known to be stored.
pub async fn run(arguments: Publish) -> anyhow::Result<bool> {
    let client = client(&arguments.api)?;
    let (mut reading, total) = Reading::start(&arguments.file, arguments.from_line)?;
    let mut progress = Progress::of(total, arguments.api.json);
    let mut sending = Sending {
        client: &client,
        retry_for: arguments.retry_for,
        account: Account::from(arguments.from_line),
    };
    let mut end = EndSignal::listen()?;
    let problems = tokio::select! {
        ended = all(&mut reading, &mut sending, &mut progress) => ended.err(),
        () = end.received() => Some(Vec::new()),
    };
    progress.end();
    let account = sending.account;
    if arguments.api.json {
        output::line(&account.summary(problems.as_deref()).to_string())?;
    } else {
        for sentence in account.sentences(problems.as_deref()) {
            eprintln!("{sentence}");
        }
    }
    Ok(problems.is_none())
}

/// Sends all events, or those before the first that is wrong.
async fn all(
    reading: &mut Reading,
    sending: &mut Sending<'_>,
    progress: &mut Progress,
) -> Result<(), Vec<Problem>> {
    let mut batch = Batch::default();
    while let Some(Read { form, end, event }) = reading.next().await {
        sending.account.form = form;
        match event {
            Ok(event) if batch.is_full_for(event.text.len()) => {
                sending.send(&batch.events, progress).await?;
                progress.at(end, sending.account.accepted);
                batch = Batch::default();
                batch.push(event);
            }
            Ok(event) => batch.push(event),
            Err(problem) => {
                sending.send(&batch.events, progress).await?;
                sending.account.next = problem.place;
                return Err(vec![problem]);
            }
        }
    }
    sending.send(&batch.events, progress).await
}
