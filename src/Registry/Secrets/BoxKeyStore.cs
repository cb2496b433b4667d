using Dapper;
using Npgsql;

namespace Saga.Registry.Secrets;

/// <summary>The rows of <c>box_keys</c>. Thread-safe.</summary>
public sealed class BoxKeyStore(NpgsqlDataSource registry)
{
    /// <summary>The newest public key; null before a worker has made one.</summary>
    public async Task<(Guid Id, byte[] PublicKey)?> FindNewestAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<(Guid, byte[])?>(new CommandDefinition(
            "select id, public_key from box_keys order by created_at desc, id desc limit 1", cancellationToken: cancellationToken));
    }

    /// <summary>The wrapped private key and the master key that wrapped it; null when there is no such key.</summary>
    public async Task<(string MasterKeyId, byte[] Wrapped)?> FindPrivateAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<(string, byte[])?>(new CommandDefinition(
            "select master_key_id, wrapped from box_keys where id = @id", new { id }, cancellationToken: cancellationToken));
    }

    /// <summary>Adds a key pair unless there is one that the same master key wrapped. Any number may call it.</summary>
    public async Task EnsureAsync(Guid id, byte[] publicKey, string masterKeyId, byte[] wrapped, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into box_keys (id, public_key, master_key_id, wrapped) values (@id, @publicKey, @masterKeyId, @wrapped) on conflict (master_key_id) do nothing",
            new { id, publicKey, masterKeyId, wrapped }, cancellationToken: cancellationToken));
    }

    public async Task<bool> HasAsync(string masterKeyId, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from box_keys where master_key_id = @masterKeyId)", new { masterKeyId }, cancellationToken: cancellationToken));
    }
}
