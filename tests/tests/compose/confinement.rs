//! No container has more power than it needs, and nothing is open to the network.

use crate::{dockerfile, stack};

#[test]
fn nothing_runs_as_root() {
    for service in stack::services() {
        let user = match service.target() {
            Some(target) => dockerfile::in_force(target, "USER"),
            None => service.get("user").as_str().unwrap_or_default().to_owned(),
        };
        let user = user.split(':').next().unwrap_or_default();
        assert!(!["", "0", "root"].contains(&user), "{}", service.name);
    }
}

#[test]
fn our_images_name_their_user_by_number() {
    // Kubernetes cannot tell whether a name is root.
    for service in stack::ours() {
        let user = dockerfile::in_force(service.target().unwrap(), "USER");
        for number in user.split(':') {
            assert!(number.parse::<u32>().unwrap() > 0, "{user}");
        }
        assert!(service.get("user").is_null(), "the image decides");
    }
}

#[test]
fn no_container_can_gain_power_or_change_its_image() {
    for service in stack::services() {
        let name = &service.name;
        assert_eq!(service.texts("cap_drop"), ["ALL"], "{name}");
        assert_eq!(
            service.texts("security_opt"),
            ["no-new-privileges:true"],
            "{name}"
        );
        assert_eq!(service.get("read_only"), true, "{name}");
        for power in [
            "cap_add",
            "devices",
            "ipc",
            "network_mode",
            "pid",
            "privileged",
            "userns_mode",
        ] {
            assert!(service.get(power).is_null(), "{name}: {power}");
        }
        for (source, _, _) in service.mounts() {
            assert!(!source.contains("docker.sock"), "{name}");
        }
    }
}

#[test]
fn only_the_api_and_the_monitoring_are_published_and_on_loopback_alone() {
    let mut open = Vec::new();
    for service in stack::services() {
        for (address, _, _) in service.published() {
            assert_eq!(address, "127.0.0.1", "{}", service.name);
            open.push(service.name.clone());
        }
    }
    open.sort();
    assert_eq!(open, ["api-service", "grafana", "prometheus"]);
}

#[test]
fn every_service_has_a_health_check_and_comes_back() {
    for service in stack::services() {
        let name = &service.name;
        let check = service.get("healthcheck");
        assert_eq!(check["test"][0], "CMD", "{name}");
        for setting in ["interval", "timeout", "retries", "start_period"] {
            assert!(!check[setting].is_null(), "{name}: {setting}");
        }
        assert_eq!(service.get("restart"), "unless-stopped", "{name}");
    }
}
