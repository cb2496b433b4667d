using Npgsql;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Registry;

/// <summary>Records in the table <c>notified</c> which transaction notified of what, instead of notifying.</summary>
internal static class NotificationWatch
{
    public static async Task<NpgsqlDataSource> NewRegistryAsync()
    {
        var registry = await PostgresServer.NewRegistryAsync();
        await BeginAsync(registry);
        return registry;
    }

    public static async Task BeginAsync(NpgsqlDataSource registry)
    {
        await registry.ExecuteAsync(
            """
            create table notified (by xid not null default pg_current_xact_id()::xid, channel text not null, payload text not null);
            create function public.pg_notify(text, text) returns void language sql as 'insert into public.notified (channel, payload) values ($1, $2)';
            do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$
            """);
        registry.Clear();
    }
}
