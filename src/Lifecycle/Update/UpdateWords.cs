using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>What an update would change, in words.</summary>
public static class UpdateWords
{
    public static IReadOnlyList<string> Of(TenantChange change)
    {
        var words = change.Fields.Select(f => $"{f} becomes {JsonText.Readable(change.After[f])}; it is {JsonText.Readable(change.Before[f])}.").ToList();
        if (change.NewText(TenantField.Domain) is not null)
            words.Add("The new domain is used once its control is proved; a claim that is not proved expires after 7 days.");
        if (change.OldText(TenantField.Domain) is { } former)
            words.Add($"The domain '{former}' is removed from the tenant.");
        if (change.NewAdministrator is { } email)
            words.Add($"'{email}' becomes an administrator. The former one stays a member of the organisation, but administers it no longer.");
        if (change.Has(TenantField.Region))
            words.Add("The region counts for later placements: no row moves.");
        if (change.TurnsReplica is { } on)
        {
            words.Add(on
                ? "A read-only login is made on the tenant's database server, and tried on each of its replicas."
                : "Reads go to the tenant's own place. Its read-only login is dropped, and its sessions on the replicas end.");
        }

        return words;
    }
}
