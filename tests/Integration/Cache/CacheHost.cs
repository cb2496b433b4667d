using Npgsql;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Saga.Workers.Sealing;
using Saga.Workers;

namespace Saga.Tests.Integration.Cache;

internal static class CacheHost
{
    public static WorkerHost InProcess(NpgsqlDataSource? registry = null) =>
        new(registry, (s, c) => s.AddResource<CacheModule>(c).AddRuntimeReads(c), ("Saga:Cache:Adapter", "inprocess"));

    public static WorkerHost On(RedisServer server, NpgsqlDataSource? registry = null, string options = "") => new(
        registry, (s, c) => s.AddResource<CacheModule>(c).AddRuntimeReads(c),
        ("Saga:Cache:Adapter", "redis"), ("Saga:Cache:Redis:ConnectionString", server.Address + options), ("Saga:Cache:Redis:TimeoutSeconds", "3"));
}
