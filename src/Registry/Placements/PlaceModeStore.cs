using Dapper;
using Npgsql;

namespace Saga.Registry.Placements;

/// <summary>
/// The mode and epoch that places in product databases should have, and the places that may not have them yet. A kept placement and a tenant
/// with a hold that closes or takes it away are closed, unless a reactivation is about to lift that hold; a tenant with a read-only hold is read-only. A place that is being built is open.
/// Thread-safe.
/// </summary>
public sealed class PlaceModeStore(NpgsqlDataSource registry)
{
    // In one database, the current placement decides. Unknown effects close, so that a hold is never weakened.
    private const string Wanted =
        """
        select distinct on (p.tenant_id, p.server, p.database) p.tenant_id, p.server, p.database, p.epoch,
            case
                when p.state = 'kept' or exists (
                    select from holds h where h.tenant_id = p.tenant_id and h.effect not in ('noGrowth', 'readOnly')
                        and not exists (select from reactivations r where r.tenant_id = h.tenant_id and r.opening and h.code = any(r.codes))) then 'closed'
                when exists (select from holds h where h.tenant_id = p.tenant_id and h.effect = 'readOnly') then 'readOnly'
                else 'open'
            end as mode
        from placements p
        where p.state in ('current', 'kept')
        """;

    private const string CurrentFirst = "order by p.tenant_id, p.server, p.database, p.state = 'current' desc, p.epoch desc";

    /// <summary>What every place should have: tenant_id, server, database, epoch and mode.</summary>
    internal const string AllWanted = $"{Wanted} {CurrentFirst}";

    /// <summary>The places on these servers that may not have their mode and epoch yet, at most 1000.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="tenant">Only the places of this tenant; null for all.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<IReadOnlyList<PlaceKey>> DueAsync(IReadOnlyCollection<string> servers, Guid? tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<PlaceKey>(new CommandDefinition(
            $"""
            with wanted as (
                {Wanted} and (p.state = 'kept' or exists (select from holds h where h.tenant_id = p.tenant_id)
                    or exists (select from place_modes m where m.tenant_id = p.tenant_id))
                {CurrentFirst})
            select coalesce(w.tenant_id, m.tenant_id) as TenantId, coalesce(w.server, m.server) as Server, coalesce(w.database, m.database) as Database
            from wanted w full join place_modes m on (m.tenant_id, m.server, m.database) = (w.tenant_id, w.server, w.database)
            where coalesce(w.server, m.server) = any(@Servers) and (@tenant::uuid is null or coalesce(w.tenant_id, m.tenant_id) = @tenant)
              and case when m.tenant_id is null then w.mode <> 'open' else (m.epoch, m.mode) is distinct from (w.epoch, w.mode) or m.mode is null end
            limit 1000
            """,
            new { Servers = servers.ToArray(), tenant }, cancellationToken: cancellationToken))];
    }

    /// <summary>Records that the place is about to be written. Until <see cref="WrittenAsync"/> it is due.</summary>
    /// <returns>The token for <see cref="WrittenAsync"/>.</returns>
    public async Task<Guid> BeginAsync(PlaceKey place, CancellationToken cancellationToken)
    {
        var token = Guid.NewGuid();
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into place_modes (tenant_id, server, database, token) values (@TenantId, @Server, @Database, @token)
            on conflict (tenant_id, server, database) do update set epoch = null, mode = null, token = excluded.token
            """,
            new { place.TenantId, place.Server, place.Database, token }, cancellationToken: cancellationToken));
        return token;
    }

    /// <summary>The mode and epoch that the place should have now; null when the tenant has no placement there any more.</summary>
    public async Task<PlaceMode?> WantedAsync(PlaceKey place, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<PlaceMode>(new CommandDefinition(
            $"select epoch, mode from ({Wanted} and (p.tenant_id, p.server, p.database) = (@TenantId, @Server, @Database) {CurrentFirst}) w",
            place, cancellationToken: cancellationToken));
    }

    /// <summary>Records what was written to the place, unless another writer has begun since.</summary>
    /// <param name="written">Null when there is no place any more.</param>
    public async Task WrittenAsync(PlaceKey place, Guid token, PlaceMode? written, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        // Provisioning leaves a place open, so an open place needs no row.
        await connection.ExecuteAsync(new CommandDefinition(
            written is null or { Mode: "open" }
                ? "delete from place_modes where (tenant_id, server, database, token) = (@TenantId, @Server, @Database, @token)"
                : "update place_modes set epoch = @Epoch, mode = @Mode where (tenant_id, server, database, token) = (@TenantId, @Server, @Database, @token)",
            new { place.TenantId, place.Server, place.Database, token, written?.Epoch, written?.Mode }, cancellationToken: cancellationToken));
    }
}
