//! Where destinations may be, by the settings of the operator.

use serde_json::json;

use crate::level::on_both_levels_with;

#[tokio::test]
async fn what_is_on_the_list_of_the_operator_is_accepted_and_nothing_else_of_its_kind() {
    let settings = [(
        "DELIVERY__OUTBOUND_ALLOWLIST",
        "127.0.0.1:9000, 10.0.0.0/8, localhost:9000",
    )];
    on_both_levels_with(&settings, async |stage, level, ada| {
        for url in [
            "http://127.0.0.1:9000/logs",
            "http://[::ffff:10.1.2.3]/logs",
            "http://localhost:9000/logs",
        ] {
            level.created(stage, ada, url, json!({})).await;
        }
        for (url, reason) in [
            (
                "http://127.0.0.1/logs",
                "Requests to loopback addresses are not allowed",
            ),
            (
                "http://192.168.0.1/logs",
                "Requests to the local network are not allowed",
            ),
            (
                "http://localhost/logs",
                "Requests to localhost are not allowed",
            ),
        ] {
            let answer = level.create(stage, ada, url, json!({})).await;
            let expected = format!("Validation failed: Destination url is blocked: {reason}");
            assert_eq!(answer.refused().0, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn where_nothing_else_is_allowed_a_public_address_is_refused() {
    let settings = [
        ("DELIVERY__OUTBOUND_ALLOWLIST", "1.1.1.0/24:443"),
        ("DELIVERY__DENY_ALL_REQUESTS_EXCEPT_ALLOWED", "true"),
    ];
    on_both_levels_with(&settings, async |stage, level, ada| {
        level
            .created(stage, ada, "https://1.1.1.1/logs", json!({}))
            .await;
        let answer = level
            .create(stage, ada, "https://8.8.8.8/logs", json!({}))
            .await;
        let reason = "Requests to hosts and IP addresses not on the Allow List are denied";
        let expected = format!("Validation failed: Destination url is blocked: {reason}");
        assert_eq!(answer.refused().0, expected);
    })
    .await;
}
