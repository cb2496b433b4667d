using Dapper;
using Npgsql;
using Saga.Contracts.Tokens;

namespace Saga.Workers.Identity.Embedded;

/// <summary>Reads from the embedded directory what a token says about a user. Thread-safe.</summary>
public sealed class EmbeddedMemberships(NpgsqlDataSource registry)
{
    /// <returns>The user's id and enabled organisations; null if the user does not exist or is disabled.</returns>
    public async Task<(string UserId, IReadOnlyList<TokenOrganization> Organizations)?> FindAsync(string email, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(string UserId, string? Alias, string? Id, bool Administers)>(new CommandDefinition(
            """
            select u.id::text, o.alias, o.id::text, a.user_id is not null
            from embedded_identity.users u
            left join (embedded_identity.members m join embedded_identity.organizations o on o.id = m.organization_id and o.enabled) on m.user_id = u.id
            left join embedded_identity.administrators a on a.organization_id = m.organization_id and a.user_id = m.user_id
            where u.email = @Email and u.enabled order by o.alias
            """, new { Email = email.ToLowerInvariant() }, cancellationToken: cancellationToken))).AsList();
        return rows.Count == 0
            ? null
            : (rows[0].UserId, [.. rows.Where(r => r.Alias is not null).Select(r => new TokenOrganization(r.Alias!, r.Id, r.Administers ? [TokenOrganization.Administrators] : []))]);
    }
}
