// Coverage: what a sweep has driven the protocol through, added up as one number per cell of five tables: the rows of
// decide, the rows of leave, each pair of protocol writes of which one overtook the other, each fault of each request,
// each write that a webhook changed on its way.
// An empty cell says what the simulation proves nothing about. Read from decisions as they pass (protocol_seam.h), from
// the wire and from commits; it shares nothing with the checker.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/simulation/protocol_seam.h"
#include "e2e/simulation/wire.h"
#include "kube/testing/fault_api.h"

namespace heirloom::simulation {

inline constexpr std::size_t kCoverageCells = 512;
// Plain memory, so that processes can hand it to each other.
using CoverageCounts = std::array<std::uint64_t, kCoverageCells>;

// "decide: mine", "overtaken: Join by Handover", "fault: 429 on patch object (Join)", ... by their place in the counts.
const std::vector<std::string>& coverage_cells();
// Cells that are empty and not excused.
std::vector<std::string> uncovered(const CoverageCounts& counts, const std::set<std::string>& excused);
// Every cell with its count; those that are empty and not among the excused come last. False when there are any.
bool print_coverage(const CoverageCounts& counts, const std::set<std::string>& excused);
// A line each: the cell (* stands for any text), two spaces or more, a # and why it may be empty. Comments begin with #.
// Throws when it cannot be read, or names no cell.
std::set<std::string> read_excused(const std::string& path);

// Counts one run. Decisions pass through it to `next`.
class Coverage final : public ProtocolSeam, public kube::testing::FaultPlan {
 public:
  Coverage(ProtocolSeam* next, Wire* wire, kube::testing::FaultPlan* faults)
      : next_(next), wire_(wire), faults_(faults) {}

  policies::Facts told(const policies::Facts& facts) override { return next_->told(facts); }
  void decided(const std::optional<policies::LiveObject>& live, policies::Decision& decision) override;
  void left(const std::optional<policies::LiveObject>& live, const SharerKey& me,
            policies::LeaveDecision& decision) override;

  kube::testing::Fault before(const kube::testing::Call& call) override;
  kube::testing::Fault before_event(const kube::testing::Call& watch) override { return faults_->before_event(watch); }

  // A commit on an object that applications declare, and the request that caused it; nullptr: somebody else's.
  // `admitted`: a webhook changed it on its way.
  void committed(const std::string& key, std::int64_t revision, const Sent* by, bool admitted);
  // The server's own answer to a write of the controller.
  void answered(const std::string& key, const Sent& sent, const Status& status);

  const CoverageCounts& counts() const { return counts_; }

 private:
  struct Past {
    std::int64_t revision;
    std::string by;
  };
  void count(const std::string& cell);
  // Which write of the protocol a request on an object is.
  std::string kind_of(const Sent& sent) const;

  ProtocolSeam* next_;
  Wire* wire_;
  kube::testing::FaultPlan* faults_;
  CoverageCounts counts_{};
  std::map<std::string, std::string, std::less<>> kinds_;  // by the resourceVersion that was decided on
  std::map<std::string, std::deque<Past>> history_;
};

}  // namespace heirloom::simulation
