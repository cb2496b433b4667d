using System.Security.Cryptography;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>
/// Seals secrets that runtimes may open: AES-256-GCM with the tenant's own key, which the registry stores wrapped by a master key and
/// by every runtime key. The tenant's id and the purpose are authenticated, so a sealed text opens for nothing else. Keys are read
/// each time, so everything sealed under a destroyed key becomes unreadable at once. Thread-safe.
/// <para>Do not use it for a secret that only workers may know: that needs a key that no runtime key wraps.</para>
/// </summary>
public sealed class TenantSealer
{
    private readonly NpgsqlDataSource registry;
    private readonly MasterKeys masters;
    private readonly RuntimeKeys runtimes;

    internal TenantSealer(NpgsqlDataSource registry, MasterKeys masters, RuntimeKeys runtimes) =>
        (this.registry, this.masters, this.runtimes) = (registry, masters, runtimes);

    /// <summary>Seals for one purpose, such as <c>setting:webhookSigningSecret</c>; the tenant's key is created on first use.</summary>
    public async Task<byte[]> SealAsync(TenantId tenant, string purpose, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var envelope = await SealAsync(transaction, tenant, purpose, plaintext, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return envelope;
    }

    /// <summary>The same on the caller's transaction, which needs no second connection.</summary>
    public Task<byte[]> SealAsync(
        LeasedTransaction transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken) =>
        SealAsync(transaction.Transaction, tenant, purpose, plaintext, cancellationToken);

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

    /// <summary>Destroys the tenant's key. Everything sealed with it becomes permanently unreadable for workers and runtimes.</summary>
    public static Task DestroyAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        TenantKeyRows.DestroyAsync(transaction.Transaction, tenant, cancellationToken);

    /// <summary>The id of the master key that wraps keys here.</summary>
    public string ActiveMasterKey => masters.Active;

    /// <summary>
    /// Wraps the next tenants' keys again that another master key than the active one has wrapped, ordered by tenant. A key that cannot be
    /// opened is left as it is. Afterwards, when none is left, the former master keys are no longer needed.
    /// </summary>
    /// <param name="transaction">The caller's transaction. It locks the keys until it ends.</param>
    /// <param name="after">Where the batch before has ended; an empty id at first.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public async Task<RewrappedKeys> RewrapAsync(NpgsqlTransaction transaction, Guid after, int count, CancellationToken cancellationToken)
    {
        var rows = await TenantKeyRows.OfOtherMastersAsync(transaction, masters.Active, after, count, cancellationToken);
        var (failed, reason) = (0, (string?)null);
        foreach (var row in rows)
        {
            try
            {
                var wrapped = masters.Wrap(row.Tenant, masters.Unwrap(row.Tenant, row.MasterKeyId, row.Wrapped));
                await TenantKeyRows.RewrapAsync(transaction, row.Tenant, masters.Active, wrapped, cancellationToken);
            }
            catch (SealingException error)
            {
                failed++;
                reason ??= error.Message;
            }
        }

        return new(rows.Count - failed, failed, reason, rows.Count == 0 ? after : rows[^1].TenantId);
    }

    private async Task<byte[]> SealAsync(
        NpgsqlTransaction transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken)
    {
        var connection = transaction.Connection!;
        // Kept until the commit: what is sealed with a key that is replaced meanwhile could never be opened.
        var row = await TenantKeyRows.FindAsync(connection, transaction, tenant, keep: true, cancellationToken);
        if (row is null)
        {
            var made = RandomNumberGenerator.GetBytes(SealingOptions.KeyBytes);
            await TenantKeyRows.AddAsync(
                connection, transaction, tenant, masters.Active, masters.Wrap(tenant, made), Wrap(tenant, made, runtimes.Ids), cancellationToken);
            // If several callers create the first key at once, one wins and all read the winner's key.
            row = await TenantKeyRows.FindAsync(connection, transaction, tenant, keep: true, cancellationToken) ?? throw Destroyed(tenant);
        }

        if (Lacks(row).Count > 0)
            row = await WrapMissingAsync(transaction, tenant, cancellationToken);
        return SealedText.Seal(masters.Unwrap(tenant, row.MasterKeyId, row.Wrapped), tenant, purpose, plaintext.Span);
    }

    /// <summary>Wraps a key from before a runtime key was configured, so that nothing is sealed that runtimes cannot open.</summary>
    private async Task<TenantKeyRow> WrapMissingAsync(NpgsqlTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var row = await TenantKeyRows.FindAsync(transaction.Connection!, transaction, tenant, keep: true, cancellationToken) ?? throw Destroyed(tenant);
        await TenantKeyRows.AddForRuntimesAsync(transaction, WrapMissing(row), cancellationToken);
        return row;
    }

    /// <summary>Wraps the row's key under each runtime key under which it is not wrapped yet.</summary>
    /// <exception cref="SealingException">The master key is missing, or is not the one that wrapped.</exception>
    internal IReadOnlyCollection<RuntimeKeyRow> WrapMissing(TenantKeyRow row) =>
        Wrap(row.Tenant, masters.Unwrap(row.Tenant, row.MasterKeyId, row.Wrapped), Lacks(row));

    private List<string> Lacks(TenantKeyRow row) => [.. runtimes.Ids.Except(row.RuntimeKeyIds, StringComparer.Ordinal)];

    private List<RuntimeKeyRow> Wrap(TenantId tenant, byte[] key, IEnumerable<string> runtimeKeys) =>
        [.. runtimeKeys.Select(id => new RuntimeKeyRow(tenant, id, runtimes.Wrap(tenant, id, key)))];

    private async Task<byte[]> OpenAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, string purpose, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        var row = await TenantKeyRows.FindAsync(connection, transaction, tenant, keep: false, cancellationToken) ?? throw Destroyed(tenant);
        return SealedText.Open(masters.Unwrap(tenant, row.MasterKeyId, row.Wrapped), tenant, purpose, envelope.Span);
    }

    private static SealingException Destroyed(TenantId tenant) =>
        new($"Tenant {tenant} has no key: it was destroyed, or nothing was ever sealed for it.");
}

/// <summary>A batch of tenants' keys.</summary>
/// <param name="Wrapped">How many were wrapped again.</param>
/// <param name="Failed">How many could not be opened.</param>
/// <param name="Reason">Why the first of them could not be opened; null when all could.</param>
/// <param name="Last">Where the next batch begins.</param>
public sealed record RewrappedKeys(int Wrapped, int Failed, string? Reason, Guid Last);
