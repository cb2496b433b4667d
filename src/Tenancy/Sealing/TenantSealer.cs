using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Tenancy.Sealing;

/// <summary>
/// Seals a tenant's secrets: AES-256-GCM with a key of the tenant's own, kept in the registry wrapped by a master
/// key. The tenant's id and the purpose are authenticated, so a sealed text opens for nothing else.
/// Keys are read each time: what was sealed with a destroyed key is unreadable at once. Thread-safe.
/// </summary>
public sealed class TenantSealer
{
    private readonly NpgsqlDataSource registry;
    private readonly MasterKeys masters;

    internal TenantSealer(NpgsqlDataSource registry, MasterKeys masters)
    {
        this.registry = registry;
        this.masters = masters;
    }

    /// <summary>Seals for one purpose, such as <c>setting:webhookSigningSecret</c>; the tenant's key is made on first use.</summary>
    public async Task<byte[]> SealAsync(TenantId tenant, string purpose, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await SealAsync(connection, null, tenant, purpose, plaintext, cancellationToken);
    }

    /// <summary>The same on the caller's transaction, which needs no second connection.</summary>
    public Task<byte[]> SealAsync(
        LeasedTransaction transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken) =>
        SealAsync(transaction.Connection, transaction.Transaction, tenant, purpose, plaintext, cancellationToken);

    /// <exception cref="SealingException">
    /// The key is destroyed, the master key is missing or wrong, or the text was sealed for another tenant or purpose.
    /// </exception>
    public async Task<byte[]> OpenAsync(TenantId tenant, string purpose, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await OpenAsync(connection, null, tenant, purpose, envelope, cancellationToken);
    }

    /// <inheritdoc cref="OpenAsync(TenantId, string, ReadOnlyMemory{byte}, CancellationToken)"/>
    public Task<byte[]> OpenAsync(
        LeasedTransaction transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken) =>
        OpenAsync(transaction.Connection, transaction.Transaction, tenant, purpose, envelope, cancellationToken);

    /// <summary>Destroys the tenant's key: all that was sealed with it is unreadable for ever.</summary>
    public static Task DestroyAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from tenant_keys where tenant_id = @Value", new { tenant.Value }, cancellationToken);

    /// <summary>
    /// Wraps every tenant's key anew by the active master key; afterwards the former master keys are needed no more.
    /// May be interrupted, and may run beside anything.
    /// </summary>
    /// <returns>How many keys were wrapped anew.</returns>
    public async Task<int> RewrapAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        for (var count = 0; ; count++)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(
                "select tenant_id as TenantId, master_key_id as MasterKeyId, wrapped from tenant_keys where master_key_id <> @Active limit 1 for update",
                new { masters.Active }, transaction, cancellationToken: cancellationToken));
            if (row is null)
                return count;
            var tenant = new TenantId(row.TenantId);
            var key = masters.Unwrap(tenant, row.MasterKeyId, row.Wrapped);
            await connection.ExecuteAsync(new CommandDefinition(
                "update tenant_keys set master_key_id = @Active, wrapped = @Wrapped where tenant_id = @TenantId",
                new { masters.Active, Wrapped = masters.Wrap(tenant, key), row.TenantId }, transaction, cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private async Task<byte[]> SealAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken)
    {
        var key = await FindKeyAsync(connection, transaction, tenant, cancellationToken);
        if (key is null)
        {
            // Of several that make the first key at once one wins, and all read the winner's.
            await connection.ExecuteAsync(new CommandDefinition(
                "insert into tenant_keys (tenant_id, master_key_id, wrapped) values (@Tenant, @Active, @Wrapped) on conflict do nothing",
                new { Tenant = tenant.Value, masters.Active, Wrapped = masters.Wrap(tenant, RandomNumberGenerator.GetBytes(SealingOptions.KeyBytes)) },
                transaction, cancellationToken: cancellationToken));
            key = await FindKeyAsync(connection, transaction, tenant, cancellationToken) ?? throw Destroyed(tenant);
        }

        return Envelope.Seal(key, plaintext.Span, Associated(tenant, purpose));
    }

    private async Task<byte[]> OpenAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        var key = await FindKeyAsync(connection, transaction, tenant, cancellationToken) ?? throw Destroyed(tenant);
        return Envelope.TryOpen(key, envelope.Span, Associated(tenant, purpose), out var plaintext) switch
        {
            EnvelopeResult.Opened => plaintext,
            EnvelopeResult.OtherKey => throw new SealingException(
                $"The sealed '{purpose}' was not sealed with the present key of tenant {tenant}: it is another tenant's, or the key was destroyed and made anew."),
            _ => throw new SealingException($"The sealed '{purpose}' of tenant {tenant} is for another purpose, or was changed after it was sealed."),
        };
    }

    private async Task<byte[]?> FindKeyAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(
            "select tenant_id as TenantId, master_key_id as MasterKeyId, wrapped from tenant_keys where tenant_id = @Value",
            new { tenant.Value }, transaction, cancellationToken: cancellationToken));
        return row is null ? null : masters.Unwrap(tenant, row.MasterKeyId, row.Wrapped);
    }

    private static byte[] Associated(TenantId tenant, string purpose) =>
        [.. tenant.Value.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(purpose)];

    private static SealingException Destroyed(TenantId tenant) =>
        new($"Tenant {tenant} has no key: it was destroyed, or nothing was ever sealed for it.");

    private sealed record KeyRow(Guid TenantId, string MasterKeyId, byte[] Wrapped);
}
