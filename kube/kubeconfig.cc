#include "kube/kubeconfig.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/yaml.h"

namespace heirloom::kube {
namespace {

constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

struct File {
  std::string path;
  Json content;
};

// One named entry: `cluster`, `user` or `context` inside its file.
struct Entry {
  const File* file = nullptr;
  JsonView value;
  std::string where;  // 'clusters[name=kind].cluster'
};

Status wrong(const Entry& entry, std::string_view field, std::string_view problem) {
  const std::string path = field.empty() ? entry.where : fmt::format("{}.{}", entry.where, field);
  return invalid(fmt::format("kubeconfig {}: {}: {}", entry.file->path, path, problem), path);
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string(".") : path.substr(0, slash);
}

std::string resolve(const Entry& entry, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  return fmt::format("{}/{}", directory_of(entry.file->path), path);
}

std::string trimmed(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(first, last - first + 1);
}

// A string field; an error when it is there and is something else.
Result<std::string> text_field(const Entry& entry, std::string_view field) {
  const JsonView value = entry.value[field];
  if (!value.exists() || value.is_null()) return std::string();
  if (!value.is_string())
    return wrong(entry, field, fmt::format("must be a string, is {}", to_string(value.kind())));
  return std::string(value.string());
}

Result<bool> flag_field(const Entry& entry, std::string_view field) {
  const JsonView value = entry.value[field];
  if (!value.exists() || value.is_null()) return false;
  if (!value.is_bool())
    return wrong(entry, field, fmt::format("must be true or false, is {}", to_string(value.kind())));
  return value.boolean();
}

// `<field>-data` (base64) or the file that `<field>` names; data wins, as in client-go.
Result<std::string> pem_field(const Entry& entry, const std::string& field,
                              const KubeconfigSources& sources) {
  TRY(const std::string data, text_field(entry, field + "-data"));
  if (!data.empty()) {
    Result<std::string> decoded = decode_base64(trimmed(data));
    if (!decoded.ok()) return wrong(entry, field + "-data", decoded.status().message());
    return decoded;
  }
  TRY(const std::string name, text_field(entry, field));
  if (name.empty()) return std::string();
  Result<std::string> content = sources.read_file(resolve(entry, name));
  if (!content.ok()) return wrong(entry, field, content.status().message());
  return content;
}

Status refuse(const Entry& entry, std::string_view field, std::string_view advice) {
  const JsonView value = entry.value[field];
  if (!value.exists() || value.is_null() || (value.is_string() && value.string().empty())) return {};
  return wrong(entry, field, advice);
}

// The first file's entry of that name wins whole, as in client-go.
Result<std::optional<Entry>> find_entry(const std::vector<File>& files, std::string_view list,
                                        std::string_view member, std::string_view name) {
  for (const File& file : files) {
    for (const JsonView item : file.content[list].elements()) {
      if (item["name"].string() != name) continue;
      Entry entry{&file, item[member], fmt::format("{}[name={}].{}", list, name, member)};
      if (!entry.value.is_object()) return wrong(entry, "", "must be an object");
      return std::optional<Entry>(std::move(entry));
    }
  }
  return std::optional<Entry>();
}

std::vector<std::string> names_in(const std::vector<File>& files, std::string_view list) {
  std::vector<std::string> names;
  for (const File& file : files)
    for (const JsonView item : file.content[list].elements()) names.emplace_back(item["name"].string());
  return names;
}

std::string paths_of(const std::vector<File>& files) {
  std::vector<std::string> paths;
  for (const File& file : files) paths.push_back(file.path);
  return fmt::format("{}", fmt::join(paths, ":"));
}

Status apply_cluster(const Entry& cluster, const KubeconfigSources& sources, ClientConfig& config) {
  TRY_VOID(refuse(cluster, "proxy-url", "proxies are not supported; connect directly, or remove the field"));
  TRY(config.server, text_field(cluster, "server"));
  while (config.server.ends_with('/')) config.server.pop_back();
  if (!config.server.starts_with("https://") && !config.server.starts_with("http://"))
    return wrong(cluster, "server",
                 fmt::format("must begin with https:// or http://, is \"{}\"", config.server));
  TRY(config.tls_server_name, text_field(cluster, "tls-server-name"));
  TRY(config.insecure_skip_tls_verify, flag_field(cluster, "insecure-skip-tls-verify"));
  TRY(config.ca_pem, pem_field(cluster, "certificate-authority", sources));
  if (config.insecure_skip_tls_verify && !config.ca_pem.empty())
    return wrong(cluster, "insecure-skip-tls-verify",
                 "cannot be true together with certificate-authority; remove one");
  return {};
}

Status apply_user(const Entry& user, const KubeconfigSources& sources, ClientConfig& config) {
  TRY_VOID(refuse(user, "exec",
                  "credential plugins are not supported yet; use a client certificate, token or tokenFile "
                  "(kubectl create token, or a service account)"));
  TRY_VOID(refuse(user, "auth-provider",
                  "auth providers were removed from Kubernetes; use a client certificate or token"));
  TRY_VOID(refuse(user, "as-user-extra", "impersonating extra fields is not supported; remove the field"));
  TRY(config.client_cert_pem, pem_field(user, "client-certificate", sources));
  TRY(config.client_key_pem, pem_field(user, "client-key", sources));
  if (config.client_cert_pem.empty() != config.client_key_pem.empty())
    return wrong(user, config.client_cert_pem.empty() ? "client-certificate" : "client-key",
                 "client-certificate and client-key must be given together");
  TRY(config.token, text_field(user, "token"));
  TRY(const std::string token_file, text_field(user, "tokenFile"));
  if (!token_file.empty()) {
    config.token_file = resolve(user, token_file);
    const Result<std::string> content = sources.read_file(config.token_file);
    if (!content.ok()) return wrong(user, "tokenFile", content.status().message());
  }
  config.token = trimmed(std::move(config.token));
  TRY(config.username, text_field(user, "username"));
  TRY(config.password, text_field(user, "password"));
  TRY(config.impersonate_user, text_field(user, "as"));
  const JsonView groups = user.value["as-groups"];
  for (const JsonView group : groups.elements()) config.impersonate_groups.emplace_back(group.string());
  if (!config.impersonate_groups.empty() && config.impersonate_user.empty())
    return wrong(user, "as-groups", "needs `as`: groups are impersonated together with a user");
  return {};
}

Result<ClientConfig> from_files(const std::vector<File>& files, const std::string& wanted,
                                const KubeconfigSources& sources) {
  std::string context_name = wanted;
  for (const File& file : files)
    if (context_name.empty()) context_name = std::string(file.content["current-context"].string());
  if (context_name.empty())
    return invalid(fmt::format("kubeconfig {}: current-context: is not set; choose one with --context: {}",
                               paths_of(files), fmt::join(names_in(files, "contexts"), ", ")),
                   "current-context");
  TRY(const std::optional<Entry> context, find_entry(files, "contexts", "context", context_name));
  if (!context.has_value())
    return invalid(fmt::format("kubeconfig {}: contexts: there is no context \"{}\"; there are: {}",
                               paths_of(files), context_name, fmt::join(names_in(files, "contexts"), ", ")),
                   "contexts");
  ClientConfig config;
  config.description = fmt::format("context \"{}\" of {}", context_name, context->file->path);
  TRY(const std::string ns, text_field(*context, "namespace"));
  if (!ns.empty()) config.ns = ns;

  TRY(const std::string cluster_name, text_field(*context, "cluster"));
  TRY(const std::optional<Entry> cluster, find_entry(files, "clusters", "cluster", cluster_name));
  if (!cluster.has_value())
    return wrong(*context, "cluster", fmt::format("there is no cluster \"{}\" in clusters", cluster_name));
  TRY_VOID(apply_cluster(*cluster, sources, config));

  TRY(const std::string user_name, text_field(*context, "user"));
  if (user_name.empty()) return config;
  TRY(const std::optional<Entry> user, find_entry(files, "users", "user", user_name));
  if (!user.has_value())
    return wrong(*context, "user", fmt::format("there is no user \"{}\" in users", user_name));
  TRY_VOID(apply_user(*user, sources, config));
  return config;
}

Result<ClientConfig> from_service_account(const std::string& host, const std::string& port,
                                          const KubeconfigSources& sources) {
  ClientConfig config;
  const bool ipv6 = host.find(':') != std::string::npos;
  config.server =
      ipv6 ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
  config.description = "the service account of this Pod";
  config.in_cluster = true;
  config.token_file = fmt::format("{}token", kServiceAccount);
  const Result<std::string> token = sources.read_file(config.token_file);
  if (!token.ok())
    return annotate(token.status(), "in-cluster configuration: token (is automountServiceAccountToken off?)");
  Result<std::string> ca = sources.read_file(fmt::format("{}ca.crt", kServiceAccount));
  if (!ca.ok()) return annotate(std::move(ca).status(), "in-cluster configuration: ca.crt");
  config.ca_pem = std::move(ca).value();
  const Result<std::string> ns = sources.read_file(fmt::format("{}namespace", kServiceAccount));
  if (ns.ok() && !trimmed(*ns).empty()) config.ns = trimmed(*ns);
  return config;
}

Result<File> read_one(const std::string& path, const KubeconfigSources& sources) {
  Result<std::string> text = sources.read_file(path);
  if (!text.ok()) {
    if (is_not_found(text.status())) return std::move(text).status();
    return annotate(std::move(text).status(), "kubeconfig " + path);
  }
  Result<std::vector<Json>> documents = parse_yaml_documents(*text);
  if (!documents.ok()) return annotate(std::move(documents).status(), "kubeconfig " + path);
  if (documents->empty()) return File{path, Json::object()};
  if (documents->size() > 1)
    return invalid(fmt::format("kubeconfig {}: must be one document, has several", path));
  Json content = std::move((*documents)[0]);
  if (!content.is_object()) return invalid(fmt::format("kubeconfig {}: must be an object", path));
  return File{path, std::move(content)};
}

std::vector<std::string> split_paths(std::string_view list) {
  std::vector<std::string> paths;
  while (!list.empty()) {
    const std::size_t colon = list.find(':');
    const std::string_view path = list.substr(0, colon);
    if (!path.empty()) paths.emplace_back(path);
    if (colon == std::string_view::npos) break;
    list.remove_prefix(colon + 1);
  }
  return paths;
}

// The files that the rules name and that exist.
Result<std::vector<File>> read_files(const KubeconfigOptions& options, const KubeconfigSources& sources) {
  std::vector<File> files;
  if (!options.path.empty()) {
    TRY(File file, read_one(options.path, sources));
    files.push_back(std::move(file));
    return files;
  }
  std::vector<std::string> paths = split_paths(sources.environment("KUBECONFIG").value_or(""));
  const std::optional<std::string> home = sources.environment("HOME");
  if (paths.empty() && home.has_value() && !home->empty()) paths.push_back(*home + "/.kube/config");
  for (const std::string& path : paths) {
    Result<File> file = read_one(path, sources);
    if (!file.ok() && is_not_found(file.status())) continue;
    if (!file.ok()) return std::move(file).status();
    files.push_back(std::move(file).value());
  }
  return files;
}

}  // namespace

Result<ClientConfig> load_client_config(const KubeconfigOptions& options, const KubeconfigSources& sources) {
  TRY(const std::vector<File> files, read_files(options, sources));
  if (!files.empty()) return from_files(files, options.context, sources);
  const std::string host = sources.environment("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = sources.environment("KUBERNETES_SERVICE_PORT").value_or("443");
  if (!host.empty()) return from_service_account(host, port, sources);
  const std::string list = sources.environment("KUBECONFIG").value_or("");
  return Status(
      404, reasons::kNotFound,
      fmt::format(
          "no Kubernetes configuration: {}; pass --kubeconfig, set KUBECONFIG, or run in a Pod with a "
          "service account",
          list.empty() ? std::string("there is no ~/.kube/config and KUBECONFIG is not set")
                       : fmt::format("KUBECONFIG={} names no file that exists", list)));
}

KubeconfigSources system_sources() {
  KubeconfigSources sources;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  sources.read_file = [](const std::string& path) -> Result<std::string> {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Status(404, reasons::kNotFound, fmt::format("cannot open file {}", path));
    std::string content(kMaxKubeconfigBytes + 1, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (in.bad() || (in.fail() && !in.eof())) return internal_error(fmt::format("cannot read file {}", path));
    content.resize(static_cast<std::size_t>(in.gcount()));
    if (content.size() > kMaxKubeconfigBytes)
      return too_large(fmt::format("file {} is larger than {} bytes", path, kMaxKubeconfigBytes));
    return content;
  };
  return sources;
}

std::string write_kubeconfig(const ClientConfig& config, std::string_view name) {
  JsonBuilder out;
  out.begin_object().member("apiVersion", "v1").member("kind", "Config").member("current-context", name);
  out.key("clusters").begin_array().begin_object().member("name", name).key("cluster").begin_object();
  out.member("server", config.server).member_unless_empty("tls-server-name", config.tls_server_name);
  if (config.insecure_skip_tls_verify) out.member("insecure-skip-tls-verify", true);
  out.member_unless_empty("certificate-authority-data", encode_base64(config.ca_pem));
  out.end_object().end_object().end_array();
  out.key("users").begin_array().begin_object().member("name", name).key("user").begin_object();
  out.member_unless_empty("client-certificate-data", encode_base64(config.client_cert_pem));
  out.member_unless_empty("client-key-data", encode_base64(config.client_key_pem));
  out.member_unless_empty("token", config.token).member_unless_empty("tokenFile", config.token_file);
  out.member_unless_empty("username", config.username).member_unless_empty("password", config.password);
  out.end_object().end_object().end_array();
  out.key("contexts").begin_array().begin_object().member("name", name).key("context").begin_object();
  out.member("cluster", name).member("user", name).member_unless_empty("namespace", config.ns);
  out.end_object().end_object().end_array().end_object();
  return write_yaml(out.take());
}

}  // namespace heirloom::kube
