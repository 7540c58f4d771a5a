//! The schema as clients know it.

use std::path::Path;

use api_service::graphql::sdl;

#[test]
fn the_committed_schema_is_the_services() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = std::fs::read_to_string(file).unwrap();
    assert!(
        committed == sdl(),
        "run `cargo run -- schema > api-service/schema.graphql`"
    );
}

#[test]
fn names_and_nullability_are_gitlabs() {
    let sdl = sdl();
    for line in [
        "externalAuditEventDestinationCreate(input: ExternalAuditEventDestinationCreateInput!): ExternalAuditEventDestinationCreatePayload\n",
        "externalAuditEventDestinationDestroy(input: ExternalAuditEventDestinationDestroyInput!): ExternalAuditEventDestinationDestroyPayload\n",
        "instanceExternalAuditEventDestinationCreate(input: InstanceExternalAuditEventDestinationCreateInput!): InstanceExternalAuditEventDestinationCreatePayload\n",
        "instanceExternalAuditEventDestinationDestroy(input: InstanceExternalAuditEventDestinationDestroyInput!): InstanceExternalAuditEventDestinationDestroyPayload\n",
        "auditEventsStreamingDestinationEventsAdd(input: AuditEventsStreamingDestinationEventsAddInput!): AuditEventsStreamingDestinationEventsAddPayload\n",
        "auditEventsStreamingDestinationInstanceEventsAdd(input: AuditEventsStreamingDestinationInstanceEventsAddInput!): AuditEventsStreamingDestinationInstanceEventsAddPayload\n",
        "\tdestinationId: AuditEventsExternalAuditEventDestinationID!\n",
        "\tdestinationId: AuditEventsInstanceExternalAuditEventDestinationID!\n",
        "\teventTypeFilters: [String!]\n",
        "\tid: AuditEventsExternalAuditEventDestinationID!\n",
        "\tid: AuditEventsInstanceExternalAuditEventDestinationID!\n",
        "\tgroupPath: ID!\n",
        "\tdestinationUrl: String!\n",
        "\tverificationToken: String!\n",
        "\teventTypeFilters: [String!]!\n",
        "\terrors: [String!]!\n",
        "\tgroup: Group!\n",
        "): AuditEventStreamingHeaderConnection!\n",
        "): AuditEventsStreamingInstanceHeaderConnection!\n",
        "): ExternalAuditEventDestinationConnection\n",
        "): InstanceExternalAuditEventDestinationConnection\n",
        "\tnodes: [ExternalAuditEventDestination]\n",
        "\tedges: [ExternalAuditEventDestinationEdge]\n",
        "\tnode: ExternalAuditEventDestination\n",
        "\tcursor: String!\n",
        "\tpageInfo: PageInfo!\n",
        "\tadmin: Boolean = false\n",
        "scalar JSON\n",
    ] {
        assert!(sdl.contains(line), "{line:?} is not in the schema");
    }
}
