using System.Globalization;
using Npgsql;
using Saga.Tests.Support;
using Saga.Workers.Notification;
using Saga.Workers;

namespace Saga.Tests.Integration.Notification;

internal static class MailHost
{
    public static WorkerHost Smtp(int port, NpgsqlDataSource? registry = null, string tls = "none", int timeoutSeconds = 10, string username = "") => Build(
        registry, ("Saga:Mail:Adapter", "smtp"), ("Saga:Mail:Smtp:Host", "127.0.0.1"), ("Saga:Mail:Smtp:Port", port.ToString(CultureInfo.InvariantCulture)),
        ("Saga:Mail:Smtp:Tls", tls), ("Saga:Mail:Smtp:Username", username), ("Saga:Mail:Smtp:Password", username), ("Saga:Mail:Smtp:TimeoutSeconds", timeoutSeconds.ToString(CultureInfo.InvariantCulture)));

    public static WorkerHost Folder(string path, NpgsqlDataSource? registry = null) =>
        Build(registry, ("Saga:Mail:Adapter", "folder"), ("Saga:Mail:Folder:Path", path));

    private static WorkerHost Build(NpgsqlDataSource? registry, params (string, string?)[] settings) => new(
        registry, (s, c) => s.AddResource<NotificationModule>(c),
        [("Saga:Mail:From", "Saga <no-reply@saga.example>"), ("Saga:Mail:SignInUrl", "https://app.example/sign-in?a=1&b=2"), .. settings]);
}
