using Npgsql;
using Saga.Contracts.Failures;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Product.Text;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product.Check;

/// <summary>
/// Runs the product's files for real, in a scratch database: the migrations as a login without rights, then the seeds and the verification
/// queries as a tenant, then the removal of that tenant. Looks at the tables that came of it. Thread-safe.
/// </summary>
internal sealed class ProductCheck(ProductFiles product, DatabaseServers servers)
{
    /// <returns>What is wrong, in the order in which it was found; empty when nothing is.</returns>
    /// <exception cref="StepFailureException">The server does not answer, or does not let the check run.</exception>
    public async Task<IReadOnlyList<ProductFault>> RunAsync(string server, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        await using var scratch = await ScratchDatabase.CreateAsync(servers, session, cancellationToken);
        if (await MigrateAsync(scratch, cancellationToken) is { } broken)
            return [broken];
        if (await FinishAsync(scratch, cancellationToken) is { Count: > 0 } faults)
            return faults;
        // A plan without a seed is possible at any time, so the queries must hold for its tenants, too.
        ProductFile?[] seeds = [null, .. product.Seeds.Values.OrderBy(s => s.Path, StringComparer.Ordinal)];
        foreach (var seed in seeds)
        {
            if (await new TenantRehearsal(product, scratch).RunAsync(seed, cancellationToken) is { } fault)
                return [fault];
        }

        return [];
    }

    /// <summary>Runs a file's statements one by one, to know the line of one that fails.</summary>
    /// <returns>The first that fails; null for none.</returns>
    internal static async Task<ProductFault?> ExecuteAsync(ServerSession session, string file, string sql, CancellationToken cancellationToken)
    {
        foreach (var statement in SqlStatement.Read(sql))
        {
            try
            {
                await session.ExecuteAsync(statement.Text, cancellationToken);
            }
            catch (StepFailureException e) when (Refusal(e) is { } refused)
            {
                var into = Math.Clamp(refused.Position - 1, 0, statement.Text.Length);
                return new ProductFault(file, statement.Line + statement.Text.AsSpan(0, into).Count('\n'), $"The server refused it: {refused.MessageText}.");
            }
        }

        return null;
    }

    /// <summary>What the server said about the statement; null when the failure is about the server.</summary>
    internal static PostgresException? Refusal(StepFailureException error) => error.InnerException switch
    {
        // Elsewhere this means a standby server; here the transaction itself is read-only.
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } refused => refused,
        PostgresException refused when error.Failure.Kind is not (FailureKind.Outage or FailureKind.Overload) => refused,
        _ => null,
    };

    // As in the row tier, whose rules are the strictest.
    private async Task<IReadOnlyList<ProductFault>> FinishAsync(ScratchDatabase scratch, CancellationToken cancellationToken)
    {
        await using var inside = await scratch.OpenAsync(cancellationToken);
        PostgresException? refused = null;
        try
        {
            await inside.InTransactionAsync(
                async () =>
                {
                    await inside.ExecuteAsync($"set local role {Sql.Name(scratch.Owner)}; set local search_path = {Sql.Name(scratch.Schema)}", cancellationToken);
                    await ProductMigrator.FinishAsync(inside, scratch.Schema, scratch.Users, isShared: true, cancellationToken);
                },
                cancellationToken);
        }
        catch (StepFailureException e) when (Refusal(e) is { } found)
        {
            // The structure says why, such as a tenant_id of another type.
            refused = found;
        }

        var faults = await new ProductStructure(product).FindAsync(inside, scratch.Schema, cancellationToken);
        return refused is null || faults.Count > 0 ? faults : [new ProductFault("", 0, $"The platform's policies or rights cannot be set: {refused.MessageText}.")];
    }

    private async Task<ProductFault?> MigrateAsync(ScratchDatabase scratch, CancellationToken cancellationToken)
    {
        await using (var inside = await scratch.OpenAsync(cancellationToken))
        {
            await inside.InTransactionAsync(
                () => inside.ExecuteAsync(
                    $"""
                    set local role {Sql.Name(scratch.Owner)};
                    set local search_path = {Sql.Name(scratch.Schema)};
                    {ProductMigrator.CreateOwnTables}
                    """,
                    cancellationToken),
                cancellationToken);
        }

        ProductFault? fault = null;
        await using var session = await scratch.OpenAsLoginAsync(cancellationToken);
        try
        {
            await session.InTransactionAsync(
                async () =>
                {
                    await session.ExecuteAsync($"set local role {Sql.Name(scratch.Owner)}; set local search_path = {Sql.Name(scratch.Schema)}", cancellationToken);
                    foreach (var migration in product.Migrations.All)
                    {
                        fault = await ExecuteAsync(session, ProductFiles.NameOf(migration), migration.Sql, cancellationToken);
                        if (fault is not null)
                            return;
                    }
                },
                cancellationToken);
        }
        catch (StepFailureException e) when (fault is null && Refusal(e) is { } refused)
        {
            // Constraints that are checked at the end.
            return new ProductFault("", 0, $"The server refused the files at the end of the transaction: {refused.MessageText}.");
        }
        catch (StepFailureException) when (fault is not null)
        {
            // The commit of a failed transaction.
        }

        return fault;
    }
}
