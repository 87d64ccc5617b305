#include "e2e/simulation/coverage.h"

#include <charconv>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "base/assert.h"

namespace heirloom::simulation {
namespace {

using kube::testing::Call;
using kube::testing::Fault;
using policies::Action;
using policies::LeaveAction;

// Commits of one object that a write may have been overtaken by; more in between are not told apart.
constexpr std::size_t kMaxPast = 32;

// Writes on objects, as coverage tells them apart.
constexpr std::string_view kWrites[] = {"Create", "Update", "Take",     "Join",    "Hold",
                                        "Step",   "Handover", "Release", "Delete"};
constexpr std::string_view kOthers = "others";  // people, other controllers, the garbage collector

constexpr std::string_view kFaults[] = {"409", "429", "500", "503", "reset", "done and timeout", "done and reset", "late"};
constexpr std::string_view kReadFaults[] = {"429", "500", "503", "reset"};
constexpr std::string_view kOtherWrites[] = {"create resourcetracker", "update resourcetracker", "patch resourcetracker",
                                             "remove resourcetracker", "create applicationrevision",
                                             "patch application",      "patch application status", "create event"};
constexpr std::string_view kReads[] = {"get object", "get application", "get resourcetracker", "list object",
                                       "list application", "list resourcetracker", "watch", "raw"};

constexpr std::string_view kLeaveRows[] = {
    "absent", "not listed", "members remain", "another's alone, who is dead", "terminating", "unshared, nobody's to collect",
    "to be released", "the last one", "the last one, of what must be looked into"};

std::string overtaken(std::string_view write, std::string_view by) {
  return fmt::format("overtaken: {} by {}", write, by);
}
std::string faulted(std::string_view fault, std::string_view request) {
  return fmt::format("fault: {} on {}", fault, request);
}
std::string object_write(std::string_view write) { return fmt::format("object ({})", write); }

std::vector<std::string> all_cells() {
  std::vector<std::string> cells;
  for (const policies::Row& row : policies::decision_table()) cells.push_back(fmt::format("decide: {}", row.when));
  for (const std::string_view row : kLeaveRows) cells.push_back(fmt::format("leave: {}", row));
  for (const std::string_view write : kWrites) {
    for (const std::string_view by : kWrites) cells.push_back(overtaken(write, by));
    cells.push_back(overtaken(write, kOthers));
  }
  for (const std::string_view fault : kFaults) {
    for (const std::string_view write : kWrites) cells.push_back(faulted(fault, object_write(write)));
    for (const std::string_view write : kOtherWrites) cells.push_back(faulted(fault, write));
  }
  for (const std::string_view fault : kReadFaults)
    for (const std::string_view read : kReads) cells.push_back(faulted(fault, read));
  for (const std::string_view write : kWrites)
    if (write != "Delete") cells.push_back(fmt::format("webhook: {}", write));
  HEIRLOOM_ASSERT(cells.size() <= kCoverageCells);
  return cells;
}

const std::map<std::string, std::size_t>& places() {
  static const std::map<std::string, std::size_t> kPlaces = [] {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < coverage_cells().size(); ++i) places.emplace(coverage_cells()[i], i);
    return places;
  }();
  return kPlaces;
}

std::string_view write_of(Action action) {
  switch (action) {
    case Action::Create:
      return "Create";
    case Action::Update:
      return "Update";
    case Action::Adopt:
    case Action::Repair:
    case Action::Inherit:
      return "Take";
    case Action::Join:
      return "Join";
    case Action::Hold:
      return "Hold";
    case Action::Drop:
    case Action::Observe:
      return "Step";
    case Action::Wait:
    case Action::ReadOnlyMissing:
    case Action::Conflict:
      break;
  }
  return "";
}

// The row that gave this decision. Rows with one action are told apart by what the decision says.
const policies::Row* row_of(const std::optional<policies::LiveObject>& live, const policies::Decision& decision) {
  std::vector<const policies::Row*> candidates;
  for (const policies::Row& row : policies::decision_table())
    if (row.action == decision.action && (row.conflict.empty() || row.conflict == decision.conflict))
      candidates.push_back(&row);
  if (candidates.empty()) return nullptr;  // a Join that found no room
  // Waiting: for a Namespace, for heirs, for the end of the object.
  if (decision.action == Action::Wait && decision.wait == policies::WaitCause::OthersFirst) return candidates.at(1);
  const bool last = decision.action == Action::Wait ? live.has_value()
                                                    : decision.action == Action::Join && decision.sharers.empty();
  return last ? candidates.back() : candidates.front();
}

std::string_view leave_row(const std::optional<policies::LiveObject>& live, const SharerKey& me,
                           const policies::LeaveDecision& decision) {
  switch (decision.action) {
    case LeaveAction::Handover:
      return kLeaveRows[2];
    case LeaveAction::Wait:
      return kLeaveRows[4];
    case LeaveAction::Release:
      return kLeaveRows[6];
    case LeaveAction::Delete:
      return kLeaveRows[7];
    case LeaveAction::Look:
      return kLeaveRows[8];
    case LeaveAction::Nothing:
      break;
  }
  if (!live) return kLeaveRows[0];
  if (!live->lists(me)) return kLeaveRows[1];
  return decision.stays_unshared ? kLeaveRows[5] : kLeaveRows[3];
}

std::string_view name_of(const Fault& fault) {
  if (fault.kind == Fault::Kind::Late) return "late";
  if (fault.kind == Fault::Kind::Ambiguous) return fault.status.code() == 504 ? "done and timeout" : "done and reset";
  switch (fault.status.code()) {
    case 409:
      return "409";
    case 429:
      return "429";
    case 500:
      return "500";
    default:
      return fault.status.has_reason(reasons::kServiceUnavailable) ? "503" : "reset";
  }
}

std::string singular(std::string_view plural) {
  return std::string(plural.ends_with('s') ? plural.substr(0, plural.size() - 1) : plural);
}

// `pattern`: * stands for any text.
bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  for (std::size_t skip = star; skip <= text.size(); ++skip)
    if (matches(pattern.substr(star + 1), text.substr(skip))) return true;
  return false;
}

bool is_ours(const std::string& resource) {
  return resource == "applications" || resource == "resourcetrackers" || resource == "applicationrevisions" ||
         resource == "events" || resource == "leases";
}

}  // namespace

const std::vector<std::string>& coverage_cells() {
  static const std::vector<std::string> kCells = all_cells();
  return kCells;
}

std::vector<std::string> uncovered(const CoverageCounts& counts, const std::set<std::string>& excused) {
  std::vector<std::string> empty;
  for (std::size_t i = 0; i < coverage_cells().size(); ++i)
    if (counts[i] == 0 && !excused.contains(coverage_cells()[i])) empty.push_back(coverage_cells()[i]);
  return empty;
}

bool print_coverage(const CoverageCounts& counts, const std::set<std::string>& excused) {
  const std::vector<std::string>& cells = coverage_cells();
  const std::vector<std::string> empty = uncovered(counts, excused);
  for (std::size_t i = 0; i < cells.size(); ++i) fmt::print("{:10} {}\n", counts[i], cells[i]);
  for (const std::string& cell : empty) fmt::print("not covered: {}\n", cell);
  fmt::print("coverage: {} cells, {} excused, {} not covered\n", cells.size(), excused.size(), empty.size());
  return empty.empty();
}

std::set<std::string> read_excused(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::set<std::string> excused;
  std::string line;
  while (std::getline(file, line)) {
    std::string cell = line.substr(0, line.find("  #"));
    while (cell.ends_with(' ')) cell.pop_back();
    if (cell.empty() || cell.starts_with('#')) continue;
    bool any = false;
    for (const std::string& each : coverage_cells()) {
      if (!matches(cell, each)) continue;
      excused.insert(each);
      any = true;
    }
    if (!any) throw std::runtime_error(fmt::format("{}: there is no cell '{}'", path, cell));
  }
  return excused;
}

void Coverage::count(const std::string& cell) {
  const auto at = places().find(cell);
  if (at != places().end()) ++counts_[at->second];
}

void Coverage::decided(const std::optional<policies::LiveObject>& live, policies::Decision& decision) {
  next_->decided(live, decision);
  if (const policies::Row* row = row_of(live, decision)) count(fmt::format("decide: {}", row->when));
  if (live) kinds_[live->resource_version] = write_of(decision.action);
}

void Coverage::left(const std::optional<policies::LiveObject>& live, const SharerKey& me,
                    policies::LeaveDecision& decision) {
  next_->left(live, me, decision);
  count(fmt::format("leave: {}", leave_row(live, me, decision)));
  if (!live) return;
  if (decision.action == LeaveAction::Handover) kinds_[live->resource_version] = "Handover";
  if (decision.action == LeaveAction::Release) kinds_[live->resource_version] = "Release";
}

std::string Coverage::kind_of(const Sent& sent) const {
  if (sent.verb == "create") return "Create";
  if (sent.verb == "remove") return "Delete";
  const auto kind = kinds_.find(sent.guard);
  return kind == kinds_.end() ? std::string() : kind->second;
}

Fault Coverage::before(const Call& call) {
  Fault fault = faults_->before(call);
  if (fault.kind == Fault::Kind::Pass) return fault;
  const std::string_view name = name_of(fault);
  if (call.verb == "raw" || call.verb == "watch") {
    count(faulted(name, call.verb));
  } else if (is_ours(call.resource)) {
    const std::string status = call.subresource.empty() ? "" : " " + call.subresource;
    count(faulted(name, fmt::format("{} {}{}", call.verb, singular(call.resource), status)));
  } else if (!call.mutating) {
    count(faulted(name, call.verb + " object"));
  } else {
    for (const Sent* const under_way : wire_->under_way()) {
      const Sent& sent = *under_way;
      if (sent.verb == call.verb && sent.ref.resource.resource == call.resource && sent.ref.name == call.name &&
          sent.ref.ns == call.ns && !sent.answered && !sent.reliable) {
        count(faulted(name, object_write(kind_of(sent))));
        break;
      }
    }
  }
  return fault;
}

void Coverage::committed(const std::string& key, std::int64_t revision, const Sent* by, bool admitted) {
  std::deque<Past>& past = history_[key];
  std::string kind = by == nullptr ? std::string() : kind_of(*by);
  if (admitted && !kind.empty()) count(fmt::format("webhook: {}", kind));
  past.push_back({revision, kind.empty() ? std::string(kOthers) : std::move(kind)});
  if (past.size() > kMaxPast) past.pop_front();
}

void Coverage::answered(const std::string& key, const Sent& sent, const Status& status) {
  if (!is_conflict(status) && !is_already_exists(status) && !is_not_found(status)) return;
  const auto past = history_.find(key);
  const std::string kind = kind_of(sent);
  if (past == history_.end() || kind.empty()) return;
  if (sent.verb == "create") {
    if (is_already_exists(status)) count(overtaken(kind, past->second.back().by));
    return;
  }
  std::int64_t guard = 0;
  std::from_chars(sent.guard.data(), sent.guard.data() + sent.guard.size(), guard);
  if (guard == 0) return;
  for (const Past& each : past->second)
    if (each.revision > guard) count(overtaken(kind, each.by));
}

}  // namespace heirloom::simulation
