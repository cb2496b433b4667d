using System.Runtime.CompilerServices;
using Dapper;
using Npgsql;
using Saga.Workers.Identity.Repair;

namespace Saga.Workers.Identity.Embedded;

/// <summary>The former role in data folders of earlier versions, where it is in the table <c>user_roles</c>. Thread-safe.</summary>
internal sealed class EmbeddedFormerRole(NpgsqlDataSource registry, IDirectory directory) : IFormerRole
{
    public async IAsyncEnumerable<DirectoryUser> HoldersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var holders = await QueryAsync(
            "select u.email from embedded_identity.user_roles r join embedded_identity.users u on u.id = r.user_id where r.role = @Role order by 1",
            new { Role = IFormerRole.Name }, cancellationToken);
        foreach (var email in holders)
        {
            if (await directory.FindUserAsync(email, cancellationToken) is { } user)
                yield return user;
        }
    }

    public async Task<bool> RevokeAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParse(userId, out var id) && (await QueryAsync(
            "delete from embedded_identity.user_roles where user_id = @id and role = @Role returning role", new { id, Role = IFormerRole.Name }, cancellationToken)).Count > 0;

    private async Task<List<string>> QueryAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition("select to_regclass('embedded_identity.user_roles') is not null", cancellationToken: cancellationToken))
            ? (await connection.QueryAsync<string>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList()
            : [];
    }
}
