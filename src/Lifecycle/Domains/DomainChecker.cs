using Saga.Contracts.Identifiers;
using Saga.Registry.Domains;

namespace Saga.Lifecycle.Domains;

/// <summary>Checks whether the owner of a tenant's domain has published the proof, and records the result. Thread-safe.</summary>
public sealed class DomainChecker(TenantDomainStore domains, ITxtRecords records)
{
    /// <param name="tenant">The tenant.</param>
    /// <param name="claimed">One of its domains.</param>
    /// <param name="actor">Who asks, for the audit log.</param>
    /// <param name="cancellationToken">Cancels the check; nothing is recorded then.</param>
    /// <returns>Null when the tenant does not claim the domain.</returns>
    public async Task<DomainCheck?> CheckAsync(TenantId tenant, string claimed, string actor, CancellationToken cancellationToken)
    {
        if (await domains.FindAsync(tenant, claimed, cancellationToken) is not { } domain)
            return null;
        var (name, text) = (DomainProof.RecordName(domain.Domain), DomainProof.RecordText(domain.Token));
        IReadOnlyList<string> found;
        try
        {
            found = await records.ReadAsync(name, cancellationToken);
        }
        catch (DnsUnavailableException e)
        {
            return await FailedAsync(DomainCheckOutcome.Unavailable, e.Message);
        }

        if (!found.Contains(text, StringComparer.Ordinal))
        {
            return await FailedAsync(DomainCheckOutcome.Missing, found.Count == 0
                ? $"There is no TXT record at {name}."
                : $"None of the {found.Count} TXT records at {name} is the expected one.");
        }

        return await domains.ProveAsync(domain, actor, cancellationToken) switch
        {
            ProveOutcome.Proved => new(DomainCheckOutcome.Proved, name, text, null),
            ProveOutcome.Taken => new(DomainCheckOutcome.Taken, name, text, $"The domain {domain.Domain} was proved for another tenant before, or is reserved after one that was deprovisioned."),
            _ => new(DomainCheckOutcome.Changed, name, text, "The tenant's domain changed during the check."),
        };

        async Task<DomainCheck> FailedAsync(DomainCheckOutcome outcome, string failure)
        {
            await domains.RecordFailureAsync(domain, failure, cancellationToken);
            return new(outcome, name, text, failure);
        }
    }
}
