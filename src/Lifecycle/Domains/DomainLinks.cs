using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Domains;

namespace Saga.Lifecycle.Domains;

/// <summary>Starts the operations that give organisations the domains that were proved. Thread-safe.</summary>
public sealed class DomainLinks(TenantDomainStore domains, ICommandIntake<LinkDomains> intake)
{
    /// <summary>Starts the operation for a domain that was just proved. The same proof starts one operation for each caller.</summary>
    /// <returns>The outcome; null when the organisation has the domain already, or the domain is gone.</returns>
    public async Task<IntakeOutcome?> LinkAsync(TenantDomain domain, Caller caller, CancellationToken cancellationToken)
    {
        if (domain is not { ProvedAt: { } at, LinkedAt: null })
            return null;
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(domain.Domain)));
        var key = string.Create(CultureInfo.InvariantCulture, $"domain:{domain.Tenant}:{name[..16]}:{at.UtcTicks}");
        return await intake.SubmitAsync(new() { TenantId = domain.Tenant }, caller, cancellationToken, key);
    }

    /// <summary>Starts them for domains that were proved a while ago by processes that died before they did so.</summary>
    /// <returns>How many domains there were.</returns>
    public async Task<int> CatchUpAsync(int limit, CancellationToken cancellationToken)
    {
        var late = await domains.ListUnlinkedAsync(limit, cancellationToken);
        foreach (var domain in late)
            await LinkAsync(domain, Caller.System, cancellationToken);
        return late.Count;
    }
}
