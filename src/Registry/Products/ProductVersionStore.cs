using Dapper;
using Npgsql;

namespace Saga.Registry.Products;

/// <summary>The released files of the product: table <c>product_versions</c>. Thread-safe.</summary>
public sealed class ProductVersionStore(NpgsqlDataSource registry)
{
    private const string Select = "select version, name, checksum from product_versions order by version";

    public async Task<IReadOnlyList<ProductVersion>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<ProductVersion>(new CommandDefinition(Select, cancellationToken: cancellationToken))];
    }

    /// <summary>The newest released version; 0 when there is none.</summary>
    public async Task<int> NewestAsync(CancellationToken cancellationToken)
    {
        await using var newest = registry.CreateCommand("select coalesce(max(version), 0) from product_versions");
        return (int)(await newest.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Releases files. A version that is released already stays as it is, whoever released it.</summary>
    /// <returns>All released files.</returns>
    public async Task<IReadOnlyList<ProductVersion>> AddAsync(IReadOnlyCollection<ProductVersion> versions, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into product_versions (version, name, checksum)
            select * from unnest(@Versions, @Names, @Checksums) as v (version, name, checksum) order by 1 on conflict do nothing
            """,
            new { Versions = versions.Select(v => v.Version).ToArray(), Names = versions.Select(v => v.Name).ToArray(), Checksums = versions.Select(v => v.Checksum).ToArray() },
            cancellationToken: cancellationToken));
        return [.. await connection.QueryAsync<ProductVersion>(new CommandDefinition(Select, cancellationToken: cancellationToken))];
    }
}
