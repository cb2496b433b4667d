namespace Saga.Tests.Support;

/// <summary>Settings of other programs, as a user may have them in the environment. Each would make a server or a client fail that reads it.</summary>
public static class HostileMachine
{
    /// <param name="folder">A folder for files that the settings name.</param>
    public static Dictionary<string, string> Settings(string folder)
    {
        var broken = Path.Combine(folder, "broken");
        File.WriteAllText(broken, "not a configuration\nexit 9\n");
        return new(StringComparer.Ordinal)
        {
            ["RABBITMQ_CONFIG_FILE"] = broken,
            ["RABBITMQ_CONF_ENV_FILE"] = broken,
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = broken,
            ["RABBITMQ_USE_LONGNAME"] = "true",
            ["RABBITMQ_SERVER_START_ARGS"] = "-no_such_thing",
            ["ERL_FLAGS"] = "-boot /nonexistent",
            ["PGHOST"] = "192.0.2.1",
            ["PGPORT"] = "1",
            ["PGUSER"] = "nobody",
            ["PGPASSWORD"] = "wrong",
            ["PGDATA"] = "/nonexistent",
            ["PGSSLMODE"] = "verify-full",
            ["PGSSLROOTCERT"] = broken,
            ["PGOPTIONS"] = "-c default_transaction_read_only=on",
            ["AWS_PROFILE"] = "nobody",
            ["AWS_CONFIG_FILE"] = broken,
            ["AWS_ENDPOINT_URL"] = "http://192.0.2.1",
            ["AWS_REGION"] = "nowhere-1",
            ["CEPH_CONF"] = broken,
            ["CEPH_ARGS"] = "--no-such-option",
            ["HTTP_PROXY"] = "http://127.0.0.1:9",
            ["http_proxy"] = "http://127.0.0.1:9",
            ["ALL_PROXY"] = "http://127.0.0.1:9",
            ["HOME"] = "/nonexistent",
            ["LC_ALL"] = "nowhere",
        };
    }
}
