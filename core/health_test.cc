#include "core/health.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom::core {

TEST_CASE("health comes from the kind's own status") {
  struct Case { const char* because; const char* object; bool healthy; const char* says; };
  const Case cases[] = {
      {"a kind without rules is healthy", "{apiVersion: v1, kind: ConfigMap}", true, ""},
      {"a Deployment that is rolled out",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 2},"
       " status: {observedGeneration: 2, updatedReplicas: 2, availableReplicas: 2}}", true, ""},
      {"a Deployment whose change is not seen yet",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 3}, status: {observedGeneration: 2}}", false,
       "not been observed"},
      {"a Deployment with replicas missing",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 3},"
       " status: {observedGeneration: 1, updatedReplicas: 3, availableReplicas: 1}}", false, "1 of 3"},
      {"a Deployment that is stuck",
       "{apiVersion: apps/v1, kind: Deployment, status: {conditions: [{type: Progressing, status: 'False', message: stuck}]}}",
       false, "stuck"},
      {"a Deployment scaled to nothing",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 0}, status: {observedGeneration: 1}}",
       true, ""},
      {"a finished Job",
       "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: 'True'}]}}", true, ""},
      {"a failed Job",
       "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: 'True', message: backoff}]}}", false,
       "backoff"},
      {"a running Job", "{apiVersion: batch/v1, kind: Job}", false, "0 of 1"},
      {"a ready Pod", "{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", true, ""},
      {"a pending Pod", "{apiVersion: v1, kind: Pod, status: {phase: Pending}}", false, "Pending"},
      {"a claim that waits for its consumer", "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Pending}}", true, ""},
      {"a lost claim", "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Lost}}", false, "lost"},
      {"a bound claim",
       "{apiVersion: marketplace.kratix.io/v1alpha1, kind: NamespaceClaim, status: {phase: Bound}}", true, ""},
      {"a claim nobody has looked at", "{apiVersion: marketplace.kratix.io/v1alpha1, kind: NamespaceClaim}", false,
       "not bound"},
      {"a claim whose change is not seen yet",
       "{apiVersion: marketplace.kratix.io/v1alpha1, kind: NamespaceClaim, metadata: {generation: 2},"
       " status: {phase: Bound, observedGeneration: 1}}", false, "not been observed"},
      {"a claim of another kind that is refused",
       "{apiVersion: example.com/v1, kind: TopicClaim, metadata: {finalizers: [heirloom.dev/claim]},"
       " status: {phase: Pending, message: no}}", false, "Pending: no"},
      {"a claim that Kratix reconciles",
       "{apiVersion: marketplace.kratix.io/v1alpha1, kind: NamespaceClaim,"
       " metadata: {labels: {kratix.io/promise-name: namespace-claim}}}", true, ""},
      {"a Namespace on its way out", "{apiVersion: v1, kind: Namespace, metadata: {deletionTimestamp: x}}", false, "deleted"},
      {"a definition that is served",
       "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: Established, status: 'True'}]}}",
       true, ""},
      {"a definition that is not served yet", "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition}", false,
       "Established"},
      {"a kind of the same name in another group", "{apiVersion: example.com/v1, kind: Deployment}", true, ""},
      {"nothing", "null", false, "does not exist"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    const Json object = std::string_view(c.object) == "null" ? Json() : parse_yaml(c.object).value();
    const Health health = assess_health(object);
    CHECK(health.healthy == c.healthy);
    CAPTURE(health.message);
    CHECK(health.message.find(c.says) != std::string::npos);
    CHECK(health.healthy == health.message.empty());
  }
}

}  // namespace heirloom::core
