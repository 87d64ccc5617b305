// The columns of pods. Source of the rules: what `kubectl get pods` shows for each state.
#include <fmt/format.h>

#include "server/table_cells.h"

namespace heirloom::server::cells {
namespace {

bool condition_is_true(JsonView pod, std::string_view type) {
  for (const JsonView condition : pod["status"]["conditions"].elements())
    if (condition["type"].string() == type) return condition["status"].string() == "True";
  return false;
}

// What a terminated container says of itself.
std::string exit_text(JsonView terminated) {
  const std::string_view reason = terminated["reason"].string();
  if (!reason.empty()) return std::string(reason);
  const std::int64_t signal = terminated["signal"].int64();
  return signal != 0 ? fmt::format("Signal:{}", signal)
                     : fmt::format("ExitCode:{}", terminated["exitCode"].int64());
}

// "Init:..." of the first init container that is not done; "" when all are.
std::string init_text(JsonView pod) {
  std::size_t index = 0;
  for (const JsonView status : pod["status"]["initContainerStatuses"].elements()) {
    const JsonView state = status["state"];
    const JsonView terminated = state["terminated"];
    const std::size_t at = index++;
    if (terminated.exists() && terminated["exitCode"].int64() == 0) continue;
    if (terminated.exists()) return "Init:" + exit_text(terminated);
    const std::string_view waiting = state["waiting"]["reason"].string();
    if (!waiting.empty() && waiting != "PodInitializing") return "Init:" + std::string(waiting);
    return fmt::format("Init:{}/{}", at, pod["spec"]["initContainers"].size());
  }
  return {};
}

}  // namespace

std::string pod_ready(JsonView pod) {
  std::size_t ready = 0;
  for (const JsonView status : pod["status"]["containerStatuses"].elements())
    if (status["ready"].boolean() && status["state"]["running"].exists()) ++ready;
  return fmt::format("{}/{}", ready, pod["spec"]["containers"].size());
}

std::int64_t pod_restarts(JsonView pod) {
  std::int64_t restarts = 0;
  const bool initializing = !init_text(pod).empty();
  const JsonView statuses = pod["status"][initializing ? "initContainerStatuses" : "containerStatuses"];
  for (const JsonView status : statuses.elements()) restarts += status["restartCount"].int64();
  return restarts;
}

std::string pod_status(JsonView pod) {
  const JsonView status = pod["status"];
  std::string text(status["reason"].string(status["phase"].string()));
  if (status["reason"].string().empty()) text = status["phase"].string();
  const std::string init = init_text(pod);
  if (!init.empty()) {
    text = init;
  } else {
    bool running = false;
    const JsonView containers = status["containerStatuses"];
    for (std::size_t i = containers.size(); i-- > 0;) {
      const JsonView state = containers.element(i)["state"];
      const std::string_view waiting = state["waiting"]["reason"].string();
      if (!waiting.empty()) {
        text = waiting;
      } else if (state["terminated"].exists()) {
        text = exit_text(state["terminated"]);
      } else if (containers.element(i)["ready"].boolean() && state["running"].exists()) {
        running = true;
      }
    }
    if (text == "Completed" && running) text = condition_is_true(pod, "Ready") ? "Running" : "NotReady";
  }
  if (!pod["metadata"]["deletionTimestamp"].exists()) return text;
  return status["reason"].string() == "NodeLost" ? "Unknown" : "Terminating";
}

std::string pod_readiness_gates(JsonView pod) {
  const JsonView gates = pod["spec"]["readinessGates"];
  if (gates.empty()) return "<none>";
  std::size_t passed = 0;
  for (const JsonView gate : gates.elements())
    if (condition_is_true(pod, gate["conditionType"].string())) ++passed;
  return fmt::format("{}/{}", passed, gates.size());
}

}  // namespace heirloom::server::cells
