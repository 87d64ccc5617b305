#include "e2e/simulation/cluster.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/yaml.h"
#include "cmd/definitions.h"
#include "e2e/simulation/declarations.h"
#include "e2e/simulation/trace.h"
#include "server/local_api.h"
#include "server/resource_version.h"
#include "server/store/commit_runner.h"

namespace heirloom::simulation {
namespace {

// Long enough for every back-off, grace period and lease there is.
constexpr Duration kQuiet = std::chrono::minutes(4);
constexpr Duration kPatience = std::chrono::hours(2);
// In what remains of a quiet after this, nobody has a reason to ask for anything.
constexpr Duration kSilentAfter = std::chrono::minutes(2);

// Coming to rest after any action takes tens of thousands.
constexpr std::uint64_t kMostHandlersToRest = 500'000;

constexpr std::string_view kEvents = "/core/events/";

// Few renewals while the clock runs on, and every part of a lease longer than an ordinary call takes.
kube::LeaseOptions lease_options(std::string identity) {
  kube::LeaseOptions lease;
  lease.ns = "default";
  lease.name = "heirloom";
  lease.identity = std::move(identity);
  lease.duration = std::chrono::seconds(30);
  lease.renew_every = std::chrono::seconds(8);
  lease.margin = std::chrono::seconds(10);
  return lease;
}
constexpr std::string_view kLease = "/coordination.k8s.io/leases/default/heirloom";
// How often a spell of trouble is longer than a lease: about half the time for a draw of 20 s.
constexpr int kSpellStretch = 3;
constexpr Duration kRestartPause = std::chrono::seconds(1);
constexpr Duration kAfterSpell = std::chrono::seconds(5);
constexpr std::int64_t kMaxClockJumpSeconds = 120;

std::string store_key(const kube::ObjectRef& ref) {
  const std::string& group = ref.resource.group.empty() ? "core" : ref.resource.group;
  return ref.ns.empty() ? fmt::format("/{}/{}/{}", group, ref.resource.resource, ref.name)
                        : fmt::format("/{}/{}/{}/{}", group, ref.resource.resource, ref.ns, ref.name);
}

std::string plural_of(std::string_view kind) {
  std::string plural;
  for (const char c : kind) plural += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return plural + (plural.ends_with('s') ? "es" : "s");
}

// Of the kinds that users touch.
std::string_view version_of(std::string_view group) {
  if (group == "core.oam.dev") return "v1beta1";
  return group == "heirloom.dev" || group == "marketplace.kratix.io" ? "v1alpha1" : "v1";
}

std::uint64_t mixed(std::uint64_t seed, std::uint64_t what, int life) {
  return hash_combine(hash_combine(seed, what), static_cast<std::uint64_t>(life));
}

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : options_(options),
      mutant_seam_(options.mutant),
      world_(options.seed),
      disk_(options.seed),
      coverage_(&mutant_seam_, &wire_, options.faults),
      webhook_(options.seed),
      user_loop_(world_, "user"),
      disturbances_(mixed(options.seed, 3, 0)) {
  install(&coverage_);
  wire_.on_answer = [this](const Sent& sent, const Status& status) {
    if (sent.sender == "controller") coverage_.answered(store_key(sent.ref), sent, status);
  };
  user_api_ = wire_.connect("user", user_loop_.executor(), true);
  if (options_.traced) wire_.on_call = [this](const std::string& line) { say(line); };
  start_server();
  const Status installed = install_definitions();
  HEIRLOOM_ASSERT(installed.ok());
  run_for(std::chrono::seconds(5));
  if (options_.mutant == Mutant::EventsBeforeSync) disk_.ignore_syncs();
}

Cluster::Instance::~Instance() {
  controller->abandon();
  if (mutant) mutant->abandon();
  loop->abandon();
}

Cluster::~Cluster() {
  controller_.reset();
  deposed_.reset();
  user_loop_.abandon();
  wire_.down();
  api_server_->abandon();
  requests_->abandon();
  server_loop_->abandon();
  install(nullptr);
}

void Cluster::start_server() {
  ++server_lives_;
  server_loop_ = std::make_unique<SimulatedLoop>(world_, fmt::format("server {}", server_lives_));
  server_random_ = std::make_unique<SeededRandom>(mixed(options_.seed, 1, server_lives_));
  server_metrics_ = std::make_unique<Metrics>();
  server::StoreOptions store_options;
  store_options.stamp = server::stamp_resource_version;
  const Executor& executor = server_loop_->executor();
  if (options_.durable) {
    server::DiskOptions disk;
    disk.directory = "/store";
    disk.vfs = disk_.vfs();
    auto opened = server::open_store(disk, store_options, executor, &world_.clock(),
                                     server::make_loop_commit_runner(executor));
    HEIRLOOM_ASSERT(opened.ok());
    store_ = std::move(opened).value();
  } else {
    store_ = server::make_memory_store(store_options, executor, &world_.clock());
  }
  server::ApiServerOptions server_options;
  server_options.mutate = [this](const server::Resource& resource, const Json& object, const Json& before) {
    return admit(resource, object, before);
  };
  api_server_ = std::make_unique<server::ApiServer>(executor, &world_.clock(), server_random_.get(), store_.get(),
                                                    server_metrics_.get(), std::move(server_options));
  local_api_ = server::make_local_api(api_server_.get());
  requests_ = std::make_unique<TaskScope>(executor);
  kube::Api* below = local_api_.get();
  if (options_.faults != nullptr) {
    std::function<void(std::string)> told;
    if (options_.traced) {
      told = [this](std::string line) {
        if (!line.ends_with(": ok")) say("  " + line);
      };
    }
    fault_api_ = std::make_unique<kube::testing::FaultApi>(requests_.get(), below, &world_.clock(),
                                                           &coverage_, std::move(told));
    below = fault_api_.get();
  }
  Started<Status> started(*server_loop_, api_server_->start());
  while (!started.done() && step()) {
  }
  HEIRLOOM_ASSERT(started.done());
  HEIRLOOM_ASSERT(started.value().ok());
  wire_.up(requests_.get(), below, local_api_.get());
}

Json Cluster::admit(const server::Resource& resource, const Json& object, const Json& before) {
  Json admitted = webhook_.admit(resource.kind, object, before);
  if (admitted == object) return object;
  kube::ObjectRef ref;
  ref.resource.group = resource.group;
  ref.resource.resource = resource.plural;
  ref.ns = object["metadata"]["namespace"].string();
  ref.name = object["metadata"]["name"].string();
  admitted_.insert(store_key(ref));
  return admitted;
}

void Cluster::restart_server(server::FaultyDisk::PowerLoss loss) {
  HEIRLOOM_ASSERT(options_.durable);
  say("the server loses power");
  ++crashes_;
  wire_.down();
  api_server_->abandon();
  requests_->abandon();
  server_loop_->abandon();
  fault_api_.reset();
  requests_.reset();
  local_api_.reset();
  api_server_.reset();
  // A disk that ignores syncs and tears what was written is no disk any more.
  disk_.lose_power(options_.mutant == Mutant::EventsBeforeSync ? server::FaultyDisk::PowerLoss::DropAll : loss);
  store_.reset();
  server_loop_.reset();
  start_server();
  if (store_->revision() >= observed_) return;
  say("revisions that had been shown are lost");
  lost_a_revision_ = true;
}

void Cluster::start_controller() {
  HEIRLOOM_ASSERT(controller_ == nullptr);
  ++controller_lives_;
  starts_at_.reset();
  auto life = std::make_unique<Instance>();
  life->loop = std::make_unique<SimulatedLoop>(world_, fmt::format("controller {}", controller_lives_));
  const Executor& executor = life->loop->executor();
  life->random = std::make_unique<SeededRandom>(mixed(options_.seed, 2, controller_lives_));
  life->metrics = std::make_unique<Metrics>();
  life->process = fmt::format("controller {}", controller_lives_);
  life->api = wire_.connect("controller", executor, false, life->process);
  kube::Api* api = life->api.get();
  if (options_.mutant != Mutant::None) {
    life->mutant = make_mutant_api(&mutant_seam_, executor, api, &world_.clock());
    api = life->mutant.get();
  }
  std::optional<core::Election> election;
  if (options_.leases) {
    life->lease_api = wire_.connect("lease", executor, false, "lease of " + life->process);
    election = core::Election{life->lease_api.get(), lease_options(life->process)};
  }
  core::ControllerOptions options;
  options.resync = std::chrono::hours(24);  // everything must work by events alone
  options.instance = fmt::format("controller-{}", controller_lives_);
  life->controller =
      std::make_unique<core::LedController>(executor, api, &world_.clock(), life->random.get(), life->metrics.get(),
                                            options, std::move(election));
  life->controller->start();
  if (options_.leases) life->lost.emplace(*life->loop, life->controller->wait_lost());
  controller_ = std::move(life);
}

void Cluster::crash_controller(Duration pause) {
  if (controller_ == nullptr) return;
  handlers_before_crash_ = controller_->loop->steps();
  say(fmt::format("the controller crashes after {} handlers", handlers_before_crash_));
  ++crashes_;
  controller_.reset();
  starts_at_ = world_.clock().monotonic() + pause;
  stop_clock_at(*starts_at_);
}

void Cluster::depose_controller(Duration overlap) {
  if (controller_ == nullptr || deposed_ != nullptr) return;
  say("another controller starts while the old one goes on");
  deposed_ = std::move(controller_);
  deposed_until_ = world_.clock().monotonic() + overlap;
  if (options_.leases) disturb(*deposed_, overlap * kSpellStretch);
  stop_clock_at(*deposed_until_);
  start_controller();
}

void Cluster::disturb(Instance& leader, Duration spell) {
  const MonotonicTime end = world_.clock().monotonic() + spell;
  switch (disturbances_.below(4)) {
    case 0:
      pause(leader, end);
      break;
    case 1:
      say(leader.process + " is cut off from its lease");
      wire_.cut("lease of " + leader.process, true);
      break;
    case 2: {
      const auto span = static_cast<std::uint64_t>(2 * kMaxClockJumpSeconds + 1);
      const auto jump = static_cast<std::int64_t>(disturbances_.below(span)) - kMaxClockJumpSeconds;
      say(fmt::format("the wall clock jumps by {} s", jump));
      world_.clock().jump_wall(std::chrono::seconds(jump));
      break;
    }
    default:
      break;
  }
  deposed_until_ = end + kAfterSpell;
}

void Cluster::pause(Instance& leader, MonotonicTime end) {
  say(leader.process + " is paused");
  leader.loop->pause();
  leader.resumes_at = end;
  stop_clock_at(end);
}

void Cluster::pause_controller_at(std::uint64_t handlers, Duration spell) {
  HEIRLOOM_ASSERT(options_.leases);
  pause_at_ = handlers;
  pause_spell_ = spell;
}

// Those that lost their lease have exited.
void Cluster::follow_leadership() {
  for (std::unique_ptr<Instance>* life : {&controller_, &deposed_}) {
    if (*life == nullptr || !(*life)->lost || !(*life)->lost->done()) continue;
    say(fmt::format("{} exits: {}", (*life)->process, (*life)->lost->value().message()));
    life->reset();
    if (life != &controller_) continue;
    starts_at_ = world_.clock().monotonic() + kRestartPause;
    stop_clock_at(*starts_at_);
  }
}

void Cluster::end_deposed() {
  const MonotonicTime now = world_.clock().monotonic();
  if (deposed_->resumes_at && now >= *deposed_->resumes_at) {
    say(deposed_->process + " goes on");
    deposed_->resumes_at.reset();
    deposed_->loop->resume();
  }
  if (now < *deposed_until_) return;
  if (options_.leases && !deposed_->ending) {
    say(deposed_->process + " is told to end");
    wire_.cut("lease of " + deposed_->process, false);
    deposed_->ending.emplace(*deposed_->loop, deposed_->controller->stop());
  }
  if (options_.leases && !deposed_->ending->done()) return;
  say("the old controller is gone");
  deposed_.reset();
}

// By a timer.
void Cluster::stop_clock_at(MonotonicTime time) {
  user_loop_.start(world_.clock().sleep_until(time), [](std::exception_ptr) {});
}

void Cluster::crash_controller_at(std::uint64_t handlers, Duration pause) {
  crash_at_ = handlers;
  crash_pause_ = pause;
}

std::uint64_t Cluster::controller_handlers() const {
  return controller_ ? controller_->loop->steps() : handlers_before_crash_;
}

bool Cluster::step() {
  if (!world_.step() && !world_.advance_to_next_timer()) return false;
  observe();
  wire_.settle();
  if (controller_ && crash_at_ && controller_->loop->steps() >= *crash_at_) {
    crash_at_.reset();
    crash_controller(crash_pause_);
  }
  if (controller_ && !deposed_ && pause_at_ && controller_->loop->steps() >= *pause_at_) {
    pause_at_.reset();
    ++crashes_;
    const MonotonicTime end = world_.clock().monotonic() + pause_spell_;
    deposed_ = std::move(controller_);
    pause(*deposed_, end);
    deposed_until_ = end + kAfterSpell;
    stop_clock_at(*deposed_until_);
    start_controller();
  }
  if (options_.leases) follow_leadership();
  if (deposed_) end_deposed();
  if (starts_at_ && world_.clock().monotonic() >= *starts_at_ && (options_.leases || !wire_.busy("controller"))) {
    say("a controller starts");
    start_controller();
  }
  return true;
}

bool Cluster::step_before(MonotonicTime end) {
  if (world_.ready_count() == 0) {
    const std::optional<MonotonicTime> next = world_.clock().next_timer();
    if (!next || *next > end) return false;
  }
  return step();
}

void Cluster::run_steps(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps && step(); ++i) {
  }
}

void Cluster::run_for(Duration duration) {
  const MonotonicTime end = world_.clock().monotonic() + duration;
  while (step_before(end)) {
  }
  const Duration rest = end - world_.clock().monotonic();
  if (rest > Duration::zero()) world_.clock().advance(rest);
}

bool Cluster::settle() {
  const MonotonicTime end = world_.clock().monotonic() + kPatience;
  MonotonicTime quiet_since = world_.clock().monotonic();
  std::uint64_t commits = commits_;
  const std::uint64_t most = world_.steps() + kMostHandlersToRest;
  std::optional<std::uint64_t> asked;  // when the silence began
  while (world_.clock().monotonic() < end && world_.steps() < most) {
    const bool silent = world_.clock().monotonic() >= quiet_since + kSilentAfter;
    if (!silent) asked.reset();
    if (silent && !asked) asked = wire_.object_calls("controller");
    if (!step_before(quiet_since + kQuiet)) {
      const std::uint64_t now = wire_.object_calls("controller");
      requests_at_rest_ = asked ? now - *asked : 0;
      if (!starts_at_ && !deposed_) return true;
      quiet_since = starts_at_ ? *starts_at_ : *deposed_until_;
    }
    if (commits_ == commits && !starts_at_ && !deposed_) continue;
    commits = commits_;
    quiet_since = world_.clock().monotonic();
  }
  return false;
}

// Who it was, by what is under way.
const Sent* Cluster::attribute(Commit& commit) const {
  const Sent* cause = nullptr;
  const bool gone = commit.after.is_null();
  const Json lease = options_.leases ? stored(kLease) : Json();
  const std::string_view holder = lease["spec"]["holderIdentity"].string();
  bool controller = false, user = false, led = false;
  for (const Sent* const under_way : wire_.under_way()) {
    const Sent& sent = *under_way;
    if (sent.ref.name.empty() || !commit.key.ends_with(sent.ref.name) || store_key(sent.ref) != commit.key) continue;
    if ((sent.verb == "create") != commit.before.is_null()) continue;
    // Only taking the last finalizer away deletes by writing.
    if (gone && sent.verb != "remove" && !commit.before["metadata"].contains("deletionTimestamp")) continue;
    if (sent.verb == "remove" && !gone && !commit.after["metadata"].contains("deletionTimestamp")) continue;
    (sent.sender == "user" ? user : controller) = true;
    if (sent.sender == "controller") cause = &sent;
    led = led || sent.process == holder;
  }
  commit.by = controller && user ? "controller or user" : controller ? "controller" : user ? "user" : "server";
  commit.unled = options_.leases && commit.by_controller() && !led;
  return user ? nullptr : cause;
}

void Cluster::observe() {
  if (!store_ || store_->revision() == observed_) return;
  for (const server::StoreEventPtr& event : new_events()) see(*event);
}

// Everything since the last one that was seen, in order.
std::vector<server::StoreEventPtr> Cluster::new_events() {
  std::vector<server::StoreEventPtr> events;
  const auto watch = store_->watch("", observed_);
  while (watch.ok() && observed_ < store_->revision()) {
    auto batch = await(observer_loop_, (*watch)->next(std::nullopt));
    HEIRLOOM_ASSERT(batch.ok());
    observed_ = batch->back()->revision;
    events.insert(events.end(), batch->begin(), batch->end());
  }
  if (watch.ok()) return events;
  // A store that was opened knows no history: what its last commits before the power loss did is told at once.
  const Result<server::StoreList> list = store_->list("", server::StoreListOptions());
  HEIRLOOM_ASSERT(list.ok());
  observed_ = list->revision;
  std::map<std::string, server::StoredPtr, std::less<>> gone = seen_;
  const auto changed = [&](server::StoredPtr before, server::StoredPtr after) {
    auto event = std::make_shared<server::StoreEvent>();
    event->revision = observed_;
    event->previous = std::move(before);
    event->current = std::move(after);
    events.push_back(std::move(event));
  };
  for (const server::StoredPtr& object : list->items) {
    const auto old = gone.extract(object->key);
    if (old.empty() || old.mapped()->mod_revision != object->mod_revision)
      changed(old.empty() ? nullptr : old.mapped(), object);
  }
  for (const auto& [key, object] : gone) changed(object, nullptr);
  return events;
}

void Cluster::see(const server::StoreEvent& event) {
  Commit commit;
  commit.revision = event.revision;
  commit.key = event.key();
  if (event.previous) commit.before = event.previous->value;
  if (event.current) commit.after = event.current->value;
  const Sent* const cause = attribute(commit);
  const bool admitted = admitted_.erase(commit.key) != 0;
  if (is_managed_kind(commit.key)) coverage_.committed(commit.key, commit.revision, cause, admitted);
  if (event.current) {
    seen_[commit.key] = event.current;
  } else {
    seen_.erase(commit.key);
  }
  if (commit.key == kLease) {  // renewals are no news
    const auto holder = [](JsonView lease) { return lease["spec"]["holderIdentity"].string("nobody"); };
    if (holder(commit.before) != holder(commit.after)) say(fmt::format("the lease: {}", holder(commit.after)));
    return;
  }
  if (!commit.key.starts_with(kEvents)) ++commits_;
  if (options_.traced) say(described(commit));
  if (on_commit) on_commit(commit);
}

void Cluster::say(std::string line) {
  if (!options_.traced) return;
  const Duration time = world_.clock().monotonic().time_since_epoch();
  std::string stamped = fmt::format("{:9.3f} {:6} {}", std::chrono::duration<double>(time).count(),
                                    world_.steps(), std::move(line));
  if (verbose) {
    std::fputs((stamped + "\n").c_str(), stdout);
    std::fflush(stdout);
  }
  trace_.push_back(std::move(stamped));
}

template <class T>
T Cluster::wait_for(Task<T> task) {
  Started<T> started(user_loop_, std::move(task));
  while (!started.done() && step()) {
  }
  HEIRLOOM_ASSERT(started.done());
  return started.value();
}

kube::ObjectRef Cluster::ref_of(std::string_view key) const {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t end = std::min(key.find('/', at + 1), key.size());
    parts.emplace_back(key.substr(at + 1, end - at - 1));
    at = end;
  }
  HEIRLOOM_ASSERT(parts.size() == 3 || parts.size() == 4);
  kube::ObjectRef ref;
  ref.resource.group = parts[0] == "core" ? "" : parts[0];
  ref.resource.version = version_of(ref.resource.group);
  ref.resource.resource = parts[1];
  ref.ns = parts.size() == 4 ? parts[2] : "";
  ref.name = parts.back();
  return ref;
}

Status Cluster::install_definitions() { return wait_for(cmd::install_definitions(user_api_.get())); }

Status Cluster::apply(std::string_view yaml) {
  Result<Json> object = parse_yaml(yaml);
  if (!object.ok()) return object.status();
  return apply_object(std::move(object).value());
}

Status Cluster::apply_object(Json object) {
  const std::string_view api_version = object["apiVersion"].string();
  const std::size_t slash = api_version.find('/');
  kube::ObjectRef ref;
  if (slash != std::string_view::npos) ref.resource.group = api_version.substr(0, slash);
  ref.resource.version = slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
  ref.resource.resource = plural_of(object["kind"].string());
  ref.ns = object["metadata"]["namespace"].string();
  ref.name = object["metadata"]["name"].string();
  const std::string key = store_key(ref);
  const Json old = stored(key);
  if (old.is_null()) {
    const Result<Json> created =
        wait_for(user_api_->create(ref.collection(), std::move(object), kube::WriteOptions()));
    return created.status();
  }
  // Whole parts are replaced: a merge patch would keep what the new one does not say.
  std::vector<JsonEdit> edits;
  for (const std::string part : {"spec", "data"})
    if (object[part].exists()) edits.push_back(set_at({part}, object[part].to_json()));
  const Json replaced = rewrite(old, edits);
  const Result<Json> updated = wait_for(user_api_->update(ref, replaced, kube::WriteOptions()));
  return updated.status();
}

Status Cluster::remove(std::string_view key) {
  const Result<Json> removed = wait_for(user_api_->remove(ref_of(key), kube::RemoveOptions()));
  return removed.status();
}

Status Cluster::patch(std::string_view key, Json merge_patch) {
  const Result<Json> patched = wait_for(
      user_api_->patch(ref_of(key), kube::PatchType::Merge, std::move(merge_patch), kube::WriteOptions()));
  return patched.status();
}

Json Cluster::stored(std::string_view key) const {
  const auto at = seen_.find(key);
  return at == seen_.end() ? Json() : at->second->value;
}

}  // namespace heirloom::simulation
