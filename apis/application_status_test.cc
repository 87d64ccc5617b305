#include "apis/application_status.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

// Every member KubeVela writes, in its form.
constexpr std::string_view kFull =
    R"({"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z",)"
    R"("reason":"ReconcileSuccess"}],"observedGeneration":3,"status":"running",)"
    R"("services":[{"name":"web","namespace":"prod","cluster":"local",)"
    R"("workloadDefinition":{"apiVersion":"apps/v1","kind":"Deployment"},"healthy":true,)"
    R"("workloadHealthy":true,)"
    R"("details":{"ready":"1"},"message":"Ready:1/1","traits":[{"type":"scaler","healthy":true,)"
    R"("pending":true,)"
    R"("message":"m"}]}],"workflow":{"appRevision":"web-v1","mode":"DAG-DAG","status":"succeeded",)"
    R"("suspend":false,)"
    R"("terminated":false,"finished":true,)"
    R"("contextBackend":{"kind":"ConfigMap"},"steps":[{"id":"a"}],)"
    R"("startTime":"2026-01-02T03:04:05Z","endTime":null},)"
    R"("latestRevision":{"name":"web-v1","revision":1,"revisionHash":"ff"},)"
    R"("appliedResources":[{"cluster":"local","creator":"workflow","kind":"Deployment","namespace":"prod",)"
    R"("name":"web","apiVersion":"apps/v1"}],)"
    R"("conflicts":[{"resource":{"apiVersion":"v1","kind":"Namespace",)"
    R"("name":"example"},"reason":"ManagedByOther","owner":"default/app1","sharers":[],)"
    R"("differences":["metadata.labels.tier"],"message":"m","fix":"f"}],"policy":[{"name":"x"}]})";

TEST_CASE("a status is written byte for byte as it was read") {
  const Json json = *Json::parse(kFull);
  const ApplicationStatus status = decode_application_status(json);
  CHECK(write_json(encode_application_status(status)) == kFull);
  CHECK(status.conflicts.at(0).owner == "default/app1");
  CHECK(status.other.contains("policy"));
}

TEST_CASE("an empty status has no members, an empty service those that Go always writes") {
  CHECK(write_json(encode_application_status({})) == "{}");
  ApplicationStatus status;
  status.services.emplace_back();
  status.services[0].name = "web";
  status.workflow.emplace();
  CHECK(write_json(encode_application_status(status)) ==
        R"({"services":[{"name":"web","workloadDefinition":{"apiVersion":"","kind":""},"healthy":false}],)"
        R"("workflow":{"mode":"","suspend":false,"terminated":false,"finished":false,"startTime":null,)"
        R"("endTime":null}})");
}

TEST_CASE("a status that somebody damaged is read as far as it goes") {
  const Json json = *Json::parse(R"({"conditions":"x","services":[1,{"name":7}],"status":3,"workflow":[]})");
  const ApplicationStatus status = decode_application_status(json);
  CHECK(status.conditions.empty());
  CHECK(status.services.size() == 2);
  CHECK(status.phase.empty());
  CHECK_FALSE(status.workflow.has_value());
}

}  // namespace
}  // namespace heirloom
