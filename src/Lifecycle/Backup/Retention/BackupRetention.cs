using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Backup.Retention;

/// <summary>
/// Posts the removal of backups whose time is over. Any number may run: the same backups on the same day are one operation. Thread-safe.
/// </summary>
public sealed partial class BackupRetention(
    BackupExpiryStore store, ICommandIntake<ExpireBackups> intake, IOptions<BackupRetentionOptions> options, ILogger<BackupRetention> log)
{
    /// <summary>The most backups of one command.</summary>
    public const int Most = 1000;

    private const int Page = 200;

    // Until the next day, on which the removal is posted again.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(20);

    /// <summary>Looks at every tenant's backups.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = await store.NowAsync(cancellationToken);
        for (TenantId? last = null; ;)
        {
            var page = await store.ListAsync(last, Page, cancellationToken);
            foreach (var stored in page)
            {
                try
                {
                    await PostAsync(stored, now, cancellationToken);
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    // Others must not wait for it.
                    LogNotPosted(error, stored.Tenant.ToString());
                }
            }

            if (page.Count < Page)
                return;
            last = page[^1].Tenant;
        }
    }

    private async Task PostAsync(StoredBackups stored, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rule = options.Value.RuleOf(stored.Plan, stored.Own);
        Guid[] expired = [.. rule.Expired(stored, now).Take(Most)];
        if (expired.Length == 0)
            return;
        var command = new ExpireBackups { TenantId = stored.Tenant, Backups = expired, EvenLast = rule.Last == 0 && !stored.Deprovisioned };
        var which = Convert.ToHexStringLower(SHA256.HashData([.. expired.SelectMany(b => b.ToByteArray())]))[..16];
        var key = string.Create(CultureInfo.InvariantCulture, $"expire:{stored.Tenant}:{which}:{now.UtcDateTime:yyyy-MM-dd}");
        if (await intake.SubmitAsync(command, Caller.System, cancellationToken, key, wait: new ScopeWait(now + Patience)) is CommandRejected { Rejection: var rejection })
            LogRefused(stored.Tenant.ToString(), rejection.Code, rejection.Detail);
    }

    [LoggerMessage(EventId = 2874, Level = LogLevel.Warning, Message = "The removal of expired backups of tenant {Tenant} could not be posted; trying again in an hour.")]
    private partial void LogNotPosted(Exception error, string tenant);

    [LoggerMessage(EventId = 2875, Level = LogLevel.Error, Message = "The removal of expired backups of tenant {Tenant} was refused with {Code}, and is tried again in an hour: {Detail}")]
    private partial void LogRefused(string tenant, string code, string detail);
}
