// ObjectWorker: reads, decides and writes for one object at a time. Every write is a compare-and-swap on what it was
// decided on; every fact is read after the object; a lost race decides again. All writes of this process to one object
// pass one queue.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/turnstile.h"
#include "dispatcher/environment.h"
#include "dispatcher/object_table.h"
#include "dispatcher/object_write.h"
#include "dispatcher/outcome.h"
#include "dispatcher/sharers.h"
#include "dispatcher/version.h"
#include "dispatcher/waiting_line.h"
#include "kube/rest_mapper.h"
#include "policies/leave.h"

namespace heirloom::dispatcher {

// One object of a version.
struct Assignment {
  std::shared_ptr<const Version> version;
  std::size_t index = 0;  // of version->manifests
  kube::ResourceInfo resource;
  ObjectMemory memory;    // as known; ObjectWorker::apply returns what to remember
  bool namespace_planned = false;  // an earlier stage creates the object's Namespace, and has not been reached yet
  const Manifest& manifest() const { return version->manifests[index]; }
};

// A look at an object: what was read, what was decided, what would be written.
struct Inspection {
  std::optional<policies::LiveObject> live;
  Json body;  // null when absent
  std::uint64_t hash = 0;
  policies::Facts facts;
  policies::Decision decision;
  ObjectWrite write;
  ObjectOutcome outcome;  // Pending when something is to be written
};

struct Applied {
  ObjectOutcome outcome;
  ObjectMemory memory;
};

// An object the application no longer declares.
struct Leaving {
  SharerKey me;
  std::string uid;
  ObjectKey key;
  kube::ResourceInfo resource;
  kube::Impersonation identity;
  policies::LeavePolicy policy;
};

class ObjectWorker {
 public:
  ObjectWorker(const Environment* environment, ObjectTable* table, Sharers* sharers);

  Task<Inspection> inspect(Assignment assignment);
  Task<Applied> apply(Assignment assignment, Inspection inspection);
  Task<LeaveOutcome> leave(Leaving leaving);

 private:
  struct Read {
    Json body;  // null: absent
    std::uint64_t hash = 0;
    Status error;
  };
  struct Gathered {
    policies::Facts facts;
    std::optional<Duration> ask_again_after;
  };

  Task<Read> read(SharerKey me, ObjectKey key, kube::ResourceInfo resource, kube::Impersonation identity, bool fresh);
  Task<Gathered> gather_facts(policies::LiveObject live, SharerKey me);
  policies::Heirs heirs_of(const ObjectKey& key, const SharerKey& me);
  bool is_of_this_life(const SharerKey& sharer, std::string_view mark) const;
  bool is_heir(const SharerKey& sharer, const ObjectKey& key, const policies::LiveObject& former) const;
  bool is_outdated(const Inspection& inspection, const ObjectKey& key, const SharerKey& me) const;
  Task<policies::Ownership> with_waiting(ObjectKey key, policies::LiveObject live, policies::Ownership first,
                                         policies::Facts facts, kube::Impersonation identity);
  void tell_written(const SharerKey& me, const kube::ResourceInfo& resource, const Json& written,
                    const policies::LiveObject& before, const policies::Facts& facts, const policies::Ownership& now);
  Task<policies::NamespaceState> namespace_state(std::string ns, std::string own_namespace);
  Task<Inspection> look(Assignment assignment, bool fresh);
  Task<Result<Json>> send(Assignment assignment, ObjectWrite write);
  Task<Result<Json>> send_leave(Leaving leaving, policies::LiveObject live, policies::LeaveDecision decision);
  bool still_there(const Version& version) const;

  const Environment* environment_;
  ObjectTable* table_;
  Sharers* sharers_;
  KeyedTurnstile turnstiles_;
  WaitingLine line_;
  std::set<std::string> active_namespaces_;  // seen alive, or written into; forgotten when a write says otherwise
};

}  // namespace heirloom::dispatcher
