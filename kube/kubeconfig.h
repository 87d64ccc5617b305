// Where a cluster is and who we are to it, by client-go's rules:
//   1. KubeconfigOptions::path (--kubeconfig): this file alone, and it must exist;
//   2. KUBECONFIG: a colon-separated list, merged; the first file to set a named cluster, user or context, or
//   the
//      current context, wins; files that do not exist are skipped;
//   3. ~/.kube/config;
//   4. with none of these: the service account of the Pod we run in (KUBERNETES_SERVICE_HOST, token, CA).
// Relative file names are relative to the file that names them. Pure but for reading files and the
// environment, which come in as functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace heirloom::kube {

// One cluster as one identity. PEM fields hold content, never paths.
struct ClientConfig {
  std::string server;           // http:// or https://, without a trailing slash; may have a path prefix
  std::string tls_server_name;  // checked and sent instead of the host of `server`; "" = the host
  bool insecure_skip_tls_verify = false;
  std::string ca_pem;           // "" = the system's trust store
  std::string client_cert_pem;  // with client_key_pem, or both empty
  std::string client_key_pem;
  std::string token;       // bearer token; "" = none
  std::string token_file;  // read again at least every minute (it is rotated); wins over `token`
  std::string username;    // basic authentication (username and password), the least of the four
  std::string password;
  std::string impersonate_user;
  std::vector<std::string> impersonate_groups;
  std::string ns = "default";  // of the context, for people's commands; in_cluster: the Pod's
  bool in_cluster = false;     // the service account of the Pod we run in
  std::string description;     // for messages: 'context "kube" of /home/me/.kube/config'
};

struct KubeconfigOptions {
  std::string path;     // --kubeconfig
  std::string context;  // --context; "" = current-context
};

// What the rules read. read_file: NotFound when there is none; at most kMaxKubeconfigBytes.
struct KubeconfigSources {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;
};

inline constexpr std::size_t kMaxKubeconfigBytes = 4 << 20;

// The process's environment and files.
KubeconfigSources system_sources();

// Errors name file, field and what to do; reason Invalid (or NotFound when there is no configuration at all).
// Refused, because ignoring them would change who we are or where we connect: proxy-url, exec, auth-provider.
Result<ClientConfig> load_client_config(const KubeconfigOptions& options, const KubeconfigSources& sources);

// A kubeconfig of one cluster, user and context, for programs that start a server: written with mode 0600 by
// the caller.
std::string write_kubeconfig(const ClientConfig& config, std::string_view name);

}  // namespace heirloom::kube
