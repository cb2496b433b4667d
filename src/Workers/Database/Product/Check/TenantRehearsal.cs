using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product.Check;

/// <summary>Lets a tenant come and go in the scratch database: first rows, verification queries, what another tenant sees, removal.</summary>
internal sealed class TenantRehearsal(ProductFiles product, ScratchDatabase scratch)
{
    private readonly Guid tenant = Guid.NewGuid();
    private readonly Guid other = Guid.NewGuid();

    /// <param name="seed">The first rows; null for none.</param>
    /// <returns>What is wrong; null for nothing.</returns>
    public async Task<ProductFault?> RunAsync(ProductFile? seed, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> tables;
        await using (var inside = await scratch.OpenAsync(cancellationToken))
        {
            await scratch.BelongToAsync(inside, tenant, cancellationToken);
            await ProductTables.RegisterAsync(inside, scratch.Schema, tenant, cancellationToken);
            tables = await inside.QueryAsync<string>(
                """
                select quote_ident(t.relname) from pg_class t join pg_namespace n on n.oid = t.relnamespace
                where n.nspname = @Schema and t.relkind in ('r', 'p', 'v')
                  and exists (select from pg_attribute c where c.attrelid = t.oid and c.attname = 'tenant_id' and not c.attisdropped)
                order by 1
                """,
                cancellationToken, new { scratch.Schema });
        }

        if (seed is not null && await AsTenantAsync(tenant, s => ProductCheck.ExecuteAsync(s, seed.Path, seed.Sql, cancellationToken), cancellationToken) is { } broken)
            return broken;
        foreach (var query in product.Verifications)
        {
            if (await AsTenantAsync(tenant, s => VerifyAsync(s, query, seed, cancellationToken), cancellationToken) is { } wrong)
                return wrong;
        }

        await using (var inside = await scratch.OpenAsync(cancellationToken))
            await scratch.BelongToAsync(inside, other, cancellationToken);
        return await AsTenantAsync(other, s => LookAsync(s, tables, cancellationToken), cancellationToken) ?? await RemoveAsync(cancellationToken);
    }

    private async Task<ProductFault?> AsTenantAsync(Guid who, Func<ServerSession, Task<ProductFault?>> work, CancellationToken cancellationToken)
    {
        ProductFault? fault = null;
        await using var session = await scratch.OpenAsLoginAsync(cancellationToken);
        try
        {
            await session.InTransactionAsync(
                async () =>
                {
                    await session.ExecuteAsync(
                        $"set local role {Sql.Name(scratch.Users)}; set local search_path = {Sql.Name(scratch.Schema)}; set local app.tenant_id = '{who}'", cancellationToken);
                    fault = await work(session);
                },
                cancellationToken);
        }
        catch (StepFailureException e) when (fault is not null || ProductCheck.Refusal(e) is not null)
        {
            fault ??= new ProductFault("", 0, $"The server refused a tenant's first rows: {e.Failure.Message}");
        }

        return fault;
    }

    private static async Task<ProductFault?> VerifyAsync(ServerSession session, ProductFile query, ProductFile? seed, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync("set transaction read only", cancellationToken);
            return await session.ScalarAsync<object?>(query.Sql, cancellationToken) is true
                ? null
                : new ProductFault(query.Path, 1, $"It does not answer true for a new tenant{(seed is null ? "" : $" with {seed.Path}")}.");
        }
        catch (StepFailureException e) when (ProductCheck.Refusal(e) is { } refused)
        {
            return new ProductFault(query.Path, 1, $"The server refused it: {refused.MessageText}.");
        }
    }

    private async Task<ProductFault?> LookAsync(ServerSession session, IReadOnlyList<string> tables, CancellationToken cancellationToken)
    {
        foreach (var table in tables)
        {
            if (await session.ScalarAsync<bool>($"select exists (select from {table} where tenant_id <> @other)", cancellationToken, new { other }))
                return new ProductFault("", 0, $"A tenant sees rows of another one in {table}.");
        }

        return null;
    }

    private async Task<ProductFault?> RemoveAsync(CancellationToken cancellationToken)
    {
        await using var inside = await scratch.OpenAsync(cancellationToken);
        try
        {
            await ProductTables.DeleteRowsAsync(inside, scratch.Schema, tenant, cancellationToken);
            return null;
        }
        catch (StepFailureException e) when (ProductCheck.Refusal(e) is { } refused)
        {
            return new ProductFault("", 0, $"A tenant's rows cannot be removed: {refused.MessageText}.");
        }
    }
}
