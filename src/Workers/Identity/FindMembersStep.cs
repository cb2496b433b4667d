using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>
/// Finds the users that an adoption makes members, and records them. Changes nothing in the directory. Users that are created later are not looked
/// for again.
/// </summary>
internal sealed class FindMembersStep(IDirectory directory, PlanStore plans, LeasedTransactions registry) : IStep
{
    /// <summary>The failure of users who are not there.</summary>
    internal const string Unknown = "users-unknown";

    private const string Again = "then send the command again.";
    private const int Named = 10;

    public string Name => StepNames.FindMembers;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await RecordedAsync(context, cancellationToken) is > 0 and var recorded)
            return new { Users = recorded };
        var users = context.Input<AdoptTenant>().Users!;
        var found = users.Emails is { } emails ? await OfListAsync(context, emails, cancellationToken) : await OfDomainAsync(context, users.EmailDomain!, cancellationToken);
        await RequireRoomAsync(context, found, cancellationToken);
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await AdoptedMemberRows.AddAsync(
            transaction, context.TenantId, context.OperationId, [.. found.Values.Select(u => new AdoptedMember(u.Id, Added: false, u.MadeFor is null ? null : u.Email))], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { Users = found.Count };
    }

    /// <summary>Deletes the record. The compensation of the step that makes them members comes before.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await AdoptedMemberRows.DeleteAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    // A user who registered somebody else's address without verifying it must not become a member in that person's place.
    private static bool IsTrusted(DirectoryUser user) => user.Enabled && (user.EmailVerified || user.MadeFor is not null);

    private async Task<int> RecordedAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        return (await AdoptedMemberRows.ListAsync(transaction, context.TenantId, context.OperationId, cancellationToken)).Count;
    }

    // Each was asked for by name, so one who is missing is a mistake, and nobody is left out silently.
    private async Task<Dictionary<string, DirectoryUser>> OfListAsync(StepContext context, IReadOnlyList<string> emails, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, DirectoryUser>(StringComparer.Ordinal);
        var (unknown, distrusted) = (new List<string>(), new List<string>());
        foreach (var (index, email) in emails.Index())
        {
            context.Report(index, emails.Count, "users", "looking for users");
            var user = await directory.FindUserAsync(email, cancellationToken);
            if (user is null)
                unknown.Add(email);
            else if (!IsTrusted(user))
                distrusted.Add(email);
            else
                found[user.Id] = user;
        }

        if (unknown.Count > 0)
            throw Refused(Unknown, $"The identity provider has no users {List(unknown)}", "Create them there, or leave them out,");
        return distrusted.Count == 0 ? found : throw Refused(
            "users-untrusted", $"The users {List(distrusted)} are disabled or have never verified their addresses", "Enable them and have the addresses verified, or leave them out,");
    }

    // Somebody who only claims an address in the domain is not meant.
    private async Task<Dictionary<string, DirectoryUser>> OfDomainAsync(StepContext context, string domain, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, DirectoryUser>(StringComparer.Ordinal);
        var most = await LimitAsync(context, cancellationToken);
        await foreach (var user in directory.UsersOfDomainAsync(domain, cancellationToken))
        {
            context.Report(found.Count, unit: "users", words: $"looking for users of {domain}");
            if (IsTrusted(user))
                found[user.Id] = user;
            // A domain of everybody's must not be read to its end.
            if (found.Count > most)
                break;
        }

        return found.Count > 0 ? found : throw Refused(Unknown, $"The identity provider has no enabled users with verified addresses in '{domain}'", "Name another domain, or leave users out,");
    }

    private async Task RequireRoomAsync(StepContext context, Dictionary<string, DirectoryUser> found, CancellationToken cancellationToken)
    {
        var most = await LimitAsync(context, cancellationToken);
        var members = found.Count + (found.Values.Any(u => u.Email.Equals(context.Tenant.AdminEmail, StringComparison.OrdinalIgnoreCase)) ? 0 : 1);
        if (members > most)
        {
            throw Refused(
                "plan-too-small", string.Create(CultureInfo.InvariantCulture, $"With its administrator the tenant would have at least {members} members, and it may have {most} users"),
                "Choose a larger plan, another maxUsers or fewer users,");
        }
    }

    private async Task<int> LimitAsync(StepContext context, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{context.Tenant.Plan}' is not known.", "Restore the plan in the registry, then replay the operation.");
        return plan.Limits.Of(context.Tenant).Users;
    }

    private static string List(List<string> emails) =>
        string.Join(", ", emails.Take(Named)) + (emails.Count > Named ? string.Create(CultureInfo.InvariantCulture, $" and {emails.Count - Named} more") : "");

    private StepFailureException Refused(string code, string what, string remedy) => StepFailureException.Permanent(code, $"{what}.", $"{remedy} {Again}", directory.System);
}
