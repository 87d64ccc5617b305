#include "server/table_cells.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "schema/selector.h"
#include "server/printer_path.h"
#include "server/table.h"

namespace heirloom::server {
namespace cells {

std::string since(JsonView timestamp, WallTime now) {
  const auto time = parse_time(timestamp.string());
  return time.ok() ? human_age(now - *time) : "<unknown>";
}

std::string text_or_none(JsonView text) {
  return text.string().empty() ? "<none>" : std::string(text.string());
}

std::string labels_text(JsonView labels) {
  std::map<std::string_view, std::string_view> sorted;
  for (const JsonMember label : labels.members()) sorted.emplace(label.key, label.value.string());
  std::string text;
  for (const auto& label : sorted)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", label.first, label.second);
  return text.empty() ? "<none>" : text;
}

// The elements, or with a member's name that member of each.
std::string joined(JsonView list, std::string_view member, std::string_view separator) {
  std::string text;
  for (const JsonView element : list.elements()) {
    const std::string_view part = member.empty() ? element.string() : element[member].string();
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::string load_balancer_text(JsonView load_balancer) {
  std::vector<std::string> places;
  for (const JsonView ingress : load_balancer["ingress"].elements()) {
    const std::string_view ip = ingress["ip"].string();
    places.emplace_back(ip.empty() ? ingress["hostname"].string() : ip);
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return fmt::format("{}", fmt::join(places, ","));
}

}  // namespace cells

namespace {

using namespace cells;

std::string external_ip(JsonView service) {
  const JsonView spec = service["spec"];
  const std::string_view type = spec["type"].string();
  if (type == "ExternalName") return std::string(spec["externalName"].string());
  std::string text = joined(spec["externalIPs"], "", ",");
  if (type == "LoadBalancer") {
    const std::string balancer = load_balancer_text(service["status"]["loadBalancer"]);
    if (!balancer.empty()) return text.empty() ? balancer : balancer + "," + text;
    return text.empty() ? "<pending>" : text;
  }
  return text.empty() ? "<none>" : text;
}

std::string service_ports(JsonView ports) {
  std::string text;
  for (const JsonView port : ports.elements()) {
    if (!text.empty()) text += ',';
    text += std::to_string(port["port"].int64());
    if (const std::int64_t node = port["nodePort"].int64(); node > 0) text += fmt::format(":{}", node);
    text += fmt::format("/{}", port["protocol"].string());
  }
  return text.empty() ? "<none>" : text;
}

std::string selector_text(JsonView selector) {
  const auto parsed = schema::LabelSelector::from_json(selector);
  if (!parsed.ok()) return "<error>";
  const std::string text = parsed->to_string();
  return text.empty() ? "<none>" : text;
}

std::string job_completions(JsonView job) {
  const std::int64_t succeeded = job["status"]["succeeded"].int64();
  const JsonView completions = job["spec"]["completions"];
  if (completions.exists()) return fmt::format("{}/{}", succeeded, completions.int64());
  const std::int64_t parallelism = job["spec"]["parallelism"].int64();
  if (parallelism > 1) return fmt::format("{}/1 of {}", succeeded, parallelism);
  return fmt::format("{}/1", succeeded);
}

std::string job_duration(JsonView job, WallTime now) {
  const auto begin = parse_time(job["status"]["startTime"].string());
  if (!begin.ok()) return {};
  const auto end = parse_time(job["status"]["completionTime"].string());
  return human_age((end.ok() ? *end : now) - *begin);
}

std::string ingress_hosts(JsonView rules) {
  constexpr int kShown = 3;
  std::vector<std::string> hosts;
  int more = 0;
  for (const JsonView rule : rules.elements()) {
    if (hosts.size() == kShown) ++more;
    if (hosts.size() < kShown && !rule["host"].string().empty()) hosts.emplace_back(rule["host"].string());
  }
  if (hosts.empty()) return "*";
  const std::string text = fmt::format("{}", fmt::join(hosts, ","));
  return more == 0 ? text : fmt::format("{} + {} more...", text, more);
}

JsonView event_time(JsonView event, std::string_view legacy) {
  return event[legacy].string().empty() ? event["eventTime"] : event[legacy];
}

std::string event_last_seen(JsonView event, WallTime now) {
  if (event["series"].exists()) return since(event["series"]["lastObservedTime"], now);
  const JsonView last = event["lastTimestamp"];
  return since(last.string().empty() ? event_time(event, "firstTimestamp") : last, now);
}

std::int64_t event_count(JsonView event) {
  if (event["series"].exists()) return event["series"]["count"].int64();
  return std::max<std::int64_t>(event["count"].int64(), 1);
}

std::string event_object(JsonView event) {
  const JsonView object = event["involvedObject"];
  std::string kind(object["kind"].string());
  for (char& c : kind)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return object["name"].string().empty() ? kind : kind + "/" + std::string(object["name"].string());
}

std::string event_source(JsonView event) {
  const auto either = [&event](std::string_view in_source, std::string_view own) {
    const std::string_view text = event["source"][in_source].string();
    return std::string(text.empty() ? event[own].string() : text);
  };
  const std::string component = either("component", "reportingComponent");
  const std::string host = either("host", "reportingInstance");
  return host.empty() ? component : component + ", " + host;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::string claim_access_modes(JsonView claim) {
  if (claim["spec"]["volumeName"].string().empty()) return {};
  std::string text;
  constexpr std::pair<std::string_view, std::string_view> kModes[] = {{"ReadWriteOnce", "RWO"},
                                                                      {"ReadOnlyMany", "ROX"},
                                                                      {"ReadWriteMany", "RWX"},
                                                                      {"ReadWriteOncePod", "RWOP"}};
  for (const auto& mode : kModes) {
    bool has = false;
    for (const JsonView each : claim["status"]["accessModes"].elements())
      has = has || each.string() == mode.first;
    if (has) text += fmt::format("{}{}", text.empty() ? "" : ",", mode.second);
  }
  return text;
}

std::string claim_storage_class(JsonView claim) {
  const JsonView legacy = claim["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"];
  return std::string(legacy.exists() ? legacy.string() : claim["spec"]["storageClassName"].string());
}

std::string subjects_of(JsonView binding, std::string_view kind) {
  std::string text;
  for (const JsonView subject : binding["subjects"].elements()) {
    if (subject["kind"].string() != kind) continue;
    if (!text.empty()) text += ", ";
    if (kind == "ServiceAccount") text += fmt::format("{}/", subject["namespace"].string());
    text += subject["name"].string();
  }
  return text;
}

using Compute = Json (*)(JsonView object, WallTime now);

Json text(std::string value) { return Json::string(value); }
Json number(JsonView value) { return Json::int64(value.int64()); }
JsonView cron_containers(JsonView cron_job) {
  return cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"];
}
Json count(std::size_t value) { return Json::int64(static_cast<std::int64_t>(value)); }

const std::map<std::string_view, Compute>& computes() {
  static const std::map<std::string_view, Compute> kComputes = {
      {"name", [](JsonView o, WallTime) { return o["metadata"]["name"].to_json(); }},
      {"age", [](JsonView o, WallTime now) { return text(since(o["metadata"]["creationTimestamp"], now)); }},
      {"created-at",
       [](JsonView o, WallTime) { return text(std::string(o["metadata"]["creationTimestamp"].string())); }},
      {"data-count", [](JsonView o, WallTime) { return count(o["data"].size() + o["binaryData"].size()); }},
      {"secrets-count", [](JsonView o, WallTime) { return count(o["secrets"].size()); }},
      {"cluster-ip", [](JsonView o, WallTime) { return text(text_or_none(o["spec"]["clusterIP"])); }},
      {"external-ip", [](JsonView o, WallTime) { return text(external_ip(o)); }},
      {"service-ports", [](JsonView o, WallTime) { return text(service_ports(o["spec"]["ports"])); }},
      {"service-selector", [](JsonView o, WallTime) { return text(labels_text(o["spec"]["selector"])); }},
      {"event-last-seen", [](JsonView o, WallTime now) { return text(event_last_seen(o, now)); }},
      {"event-first-seen",
       [](JsonView o, WallTime now) { return text(since(event_time(o, "firstTimestamp"), now)); }},
      {"event-object", [](JsonView o, WallTime) { return text(event_object(o)); }},
      {"event-source", [](JsonView o, WallTime) { return text(event_source(o)); }},
      {"event-message", [](JsonView o, WallTime) { return text(trimmed(o["message"].string())); }},
      {"event-count", [](JsonView o, WallTime) { return Json::int64(event_count(o)); }},
      {"pod-ready", [](JsonView o, WallTime) { return text(pod_ready(o)); }},
      {"pod-status", [](JsonView o, WallTime) { return text(pod_status(o)); }},
      {"pod-restarts", [](JsonView o, WallTime) { return Json::int64(pod_restarts(o)); }},
      {"pod-ip", [](JsonView o, WallTime) { return text(text_or_none(o["status"]["podIP"])); }},
      {"pod-node", [](JsonView o, WallTime) { return text(text_or_none(o["spec"]["nodeName"])); }},
      {"pod-nominated-node",
       [](JsonView o, WallTime) { return text(text_or_none(o["status"]["nominatedNodeName"])); }},
      {"pod-readiness-gates", [](JsonView o, WallTime) { return text(pod_readiness_gates(o)); }},
      {"claim-status",
       [](JsonView o, WallTime) {
         const bool going = o["metadata"]["deletionTimestamp"].exists();
         return text(going ? "Terminating" : std::string(o["status"]["phase"].string()));
       }},
      {"claim-capacity",
       [](JsonView o, WallTime) {
         const bool bound = !o["spec"]["volumeName"].string().empty();
         return text(bound ? std::string(o["status"]["capacity"]["storage"].string()) : "");
       }},
      {"claim-access-modes", [](JsonView o, WallTime) { return text(claim_access_modes(o)); }},
      {"claim-storage-class", [](JsonView o, WallTime) { return text(claim_storage_class(o)); }},
      {"claim-volume-mode",
       [](JsonView o, WallTime) { return text(std::string(o["spec"]["volumeMode"].string("<unset>"))); }},
      {"deployment-ready",
       [](JsonView o, WallTime) {
         return text(
             fmt::format("{}/{}", o["status"]["readyReplicas"].int64(), o["spec"]["replicas"].int64()));
       }},
      {"deployment-updated",
       [](JsonView o, WallTime) { return Json::int64(o["status"]["updatedReplicas"].int64()); }},
      {"deployment-available",
       [](JsonView o, WallTime) { return Json::int64(o["status"]["availableReplicas"].int64()); }},
      {"template-containers",
       [](JsonView o, WallTime) {
         return text(joined(o["spec"]["template"]["spec"]["containers"], "name", ","));
       }},
      {"template-images",
       [](JsonView o, WallTime) {
         return text(joined(o["spec"]["template"]["spec"]["containers"], "image", ","));
       }},
      {"template-selector", [](JsonView o, WallTime) { return text(selector_text(o["spec"]["selector"])); }},
      {"set-desired", [](JsonView o, WallTime) { return number(o["spec"]["replicas"]); }},
      {"set-current", [](JsonView o, WallTime) { return number(o["status"]["replicas"]); }},
      {"set-ready", [](JsonView o, WallTime) { return number(o["status"]["readyReplicas"]); }},
      {"daemon-desired", [](JsonView o, WallTime) { return number(o["status"]["desiredNumberScheduled"]); }},
      {"daemon-current", [](JsonView o, WallTime) { return number(o["status"]["currentNumberScheduled"]); }},
      {"daemon-ready", [](JsonView o, WallTime) { return number(o["status"]["numberReady"]); }},
      {"daemon-updated", [](JsonView o, WallTime) { return number(o["status"]["updatedNumberScheduled"]); }},
      {"daemon-available", [](JsonView o, WallTime) { return number(o["status"]["numberAvailable"]); }},
      {"daemon-node-selector",
       [](JsonView o, WallTime) { return text(labels_text(o["spec"]["template"]["spec"]["nodeSelector"])); }},
      {"cron-suspend",
       [](JsonView o, WallTime) { return text(o["spec"]["suspend"].boolean() ? "True" : "False"); }},
      {"cron-active", [](JsonView o, WallTime) { return count(o["status"]["active"].size()); }},
      {"cron-last-schedule",
       [](JsonView o, WallTime now) {
         const JsonView last = o["status"]["lastScheduleTime"];
         return text(last.string().empty() ? "<none>" : since(last, now));
       }},
      {"cron-containers", [](JsonView o, WallTime) { return text(joined(cron_containers(o), "name", ",")); }},
      {"cron-images", [](JsonView o, WallTime) { return text(joined(cron_containers(o), "image", ",")); }},
      {"cron-selector",
       [](JsonView o, WallTime) {
         const JsonView selector = o["spec"]["jobTemplate"]["spec"]["selector"];
         return text(selector.exists() ? selector_text(selector) : "<none>");
       }},
      {"job-completions", [](JsonView o, WallTime) { return text(job_completions(o)); }},
      {"job-duration", [](JsonView o, WallTime now) { return text(job_duration(o, now)); }},
      {"ingress-class",
       [](JsonView o, WallTime) { return text(text_or_none(o["spec"]["ingressClassName"])); }},
      {"ingress-hosts", [](JsonView o, WallTime) { return text(ingress_hosts(o["spec"]["rules"])); }},
      {"ingress-address",
       [](JsonView o, WallTime) { return text(load_balancer_text(o["status"]["loadBalancer"])); }},
      {"ingress-ports",
       [](JsonView o, WallTime) { return text(o["spec"]["tls"].empty() ? "80" : "80, 443"); }},
      {"binding-role",
       [](JsonView o, WallTime) {
         return text(fmt::format("{}/{}", o["roleRef"]["kind"].string(), o["roleRef"]["name"].string()));
       }},
      {"binding-users", [](JsonView o, WallTime) { return text(subjects_of(o, "User")); }},
      {"binding-groups", [](JsonView o, WallTime) { return text(subjects_of(o, "Group")); }},
      {"binding-accounts", [](JsonView o, WallTime) { return text(subjects_of(o, "ServiceAccount")); }},
  };
  return kComputes;
}

// A value found by the path of a custom resource's column, as its declared type.
void write_custom_cell(JsonBuilder& out, std::string_view type, JsonView value, WallTime now) {
  if (!value.exists() || value.is_null()) {
    out.null();
  } else if (type == "string") {
    out.string(value.is_string() ? std::string(value.string()) : write_json(value));
  } else if (type == "date") {
    if (!value.is_string()) {
      out.null();
    } else {
      out.string(parse_time(value.string()).ok() ? since(value, now) : "<invalid>");
    }
  } else if (type == "integer" && value.is_number()) {
    out.int64(value.is_integer() ? value.int64() : static_cast<std::int64_t>(value.number()));
  } else if (type == "number" && value.is_number()) {
    out.value(value);
  } else if (type == "boolean" && value.is_bool()) {
    out.boolean(value.boolean());
  } else {
    out.null();
  }
}

}  // namespace

Json computed_cell(std::string_view computed, JsonView object, WallTime now) {
  const auto it = computes().find(computed);
  return it == computes().end() ? Json::string("<unknown>") : it->second(object, now);
}

bool is_computed_column(std::string_view computed) { return computes().count(computed) != 0; }

void write_cell(JsonBuilder& out, const PrinterColumn& column, JsonView object, bool custom, WallTime now) {
  if (!column.computed.empty()) {
    out.value(computed_cell(column.computed, object, now));
    return;
  }
  const JsonView value = first_at_printer_path(object, column.json_path);
  if (custom) {
    write_custom_cell(out, column.type, value, now);
  } else if (value.exists() && !value.is_null()) {
    out.value(value);
  } else {
    out.string("");
  }
}

}  // namespace heirloom::server
