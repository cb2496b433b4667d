using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Lifecycle.Provision;

/// <summary>Which names of a command live tenants hold, and what runs there.</summary>
internal static class TakenNames
{
    private const string Sql =
        """
        select t.slug = $1, t.domain = $2, t.subdomain = $3, o.id, o.kind
        from tenants t
        left join operations o on o.tenant_id = t.id and o.state in ('accepted', 'running', 'compensating', 'stalled')
        where t.status not in ('failed', 'deprovisioned') and (t.slug = $1 or t.domain = $2 or t.subdomain = $3)
        """;

    /// <returns>The refusal, naming every name that is taken; null when all are free.</returns>
    public static async Task<OperationRejected?> FindAsync(
        NpgsqlConnection connection, ValidProvision valid, bool subdomainGiven, CancellationToken cancellationToken)
    {
        bool slug = false, domain = false, subdomain = false;
        (Guid Id, string Kind)? running = null;
        await using (var command = new NpgsqlCommand(Sql, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = valid.Slug.ToString() });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)valid.Domain ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = valid.Subdomain });
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                domain |= !rows.IsDBNull(1) && rows.GetBoolean(1);
                subdomain |= rows.GetBoolean(2);
                if (!rows.GetBoolean(0))
                    continue;
                slug = true;
                if (!rows.IsDBNull(3))
                    running = (rows.GetGuid(3), rows.GetString(4));
            }
        }

        var errors = new List<FieldError>();
        if (slug)
            errors.Add(new("/slug", $"'{valid.Slug}' is taken by another tenant"));
        if (domain)
            errors.Add(new("/domain", $"'{valid.Domain}' is taken by another tenant"));
        // A subdomain that follows the slug is taken with it, and says nothing more.
        if (subdomain && (subdomainGiven || !slug))
            errors.Add(new("/subdomain", $"'{valid.Subdomain}' is taken by another tenant; give one that is free"));
        if (errors.Count == 0)
            return null;
        return new()
        {
            Code = running is not null ? RejectionCodes.OperationActive
                : slug ? RejectionCodes.SlugTaken
                : domain ? RejectionCodes.DomainTaken
                : RejectionCodes.SubdomainTaken,
            Detail = running is { } active
                ? $"Tenant '{valid.Slug}' exists and has a running operation ({active.Kind}, {active.Id}). Follow that operation."
                : string.Join("; ", errors.Select(e => $"{e.Pointer[1..]} {e.Detail}")) + ".",
            Errors = errors,
            OperationId = running?.Id,
        };
    }
}
