// Wire: the network between simulated clients and the simulated API server. A client's call runs on the
// server's loop; a request that was sent when its sender crashes still lands, and its answer goes nowhere.
//
// The wire also knows what is under way and who sent it, which is how the checker tells our commits from
// others'.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/task_scope.h"
#include "kube/api.h"

namespace heirloom::simulation {

// A request that changes something.
struct Sent {
  std::string sender;
  std::string process;  // which life of it
  std::string verb;  // create update patch remove
  kube::ObjectRef ref;
  std::string guard;      // the resourceVersion that it insists on
  bool reliable = false;  // spared by injected faults
  bool answered = false;
};

class Wire {
 public:
  // The server is there: calls are served in `scope`, by `reliable` for clients that no fault shall meet,
  // otherwise by `below`. All outlive the calls, or go down first.
  void up(TaskScope* scope, kube::Api* below, kube::Api* reliable);
  // The server is gone: whatever was not answered is answered Unreachable.
  void down();

  // An Api whose callers run on `client`. The wire outlives it. `process`: tells lives of one sender apart.
  std::unique_ptr<kube::Api> connect(std::string sender, Executor client, bool reliable, std::string process = {});
  // From now on this process reaches nobody, or does again. What it has sent still lands.
  void cut(const std::string& process, bool is_cut);

  // What may have caused a commit that was seen just now: sent and not answered before the last call of
  // settle().
  std::vector<const Sent*> under_way() const;
  // Answered requests are no longer under way. Called after every step.
  void settle();
  // True while requests of this sender that change something are not done.
  bool busy(const std::string& sender) const;

  std::uint64_t calls(const std::string& sender) const;  // so far, watches' events not counted
  // The server's answer to a request that changes something.
  std::function<void(const Sent& sent, const Status& status)> on_answer;  // may be empty
  // Of those about single objects: neither watches and lists nor discovery, which go on while a kind is missing.
  std::uint64_t object_calls(const std::string& sender) const;
  std::function<void(const std::string& line)> on_call;  // may be empty

 private:
  class Client;
  class RemoteWatch;
  struct Entry {
    Sent sent;
    bool mutating = false;
    std::function<void()> reset;
  };
  template <class T>
  struct Slot;
  template <class T, class Attempt>
  static Task<void> serve(std::shared_ptr<Slot<T>> slot, Attempt attempt, Wire* wire, std::uint64_t id,
                          bool reliable);
  template <class T, class Attempt>
  Task<Result<T>> cross(Executor client, Sent sent, bool mutating, Attempt attempt);

  TaskScope* scope_ = nullptr;
  kube::Api* below_ = nullptr;
  kube::Api* reliable_ = nullptr;
  std::uint64_t epoch_ = 0;  // counts the server's lives
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Entry> entries_;
  std::vector<std::uint64_t> answered_;
  std::map<std::string, std::uint64_t> calls_;
  std::map<std::string, std::uint64_t> object_calls_;
  std::set<std::string> cut_;  // processes
};

}  // namespace heirloom::simulation
