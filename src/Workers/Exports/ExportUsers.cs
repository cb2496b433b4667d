using Saga.Workers.Identity;

namespace Saga.Workers.Exports;

/// <summary>Writes the members of the tenant's organisation.</summary>
internal sealed class ExportUsers(IDirectory directory)
{
    private static readonly ExportedField[] Fields =
    [
        new("id", "text"), new("username", "text"), new("email", "text"), new("firstName", "text"), new("lastName", "text"), new("enabled", "boolean"), new("emailVerified", "boolean"),
    ];

    public Task WriteAsync(ExportDraft draft, CancellationToken cancellationToken) => draft.AddRecordsAsync(
        "users/members", "users", "Members of the tenant's organisation, as the directory describes them.", Fields,
        async records =>
        {
            await foreach (var member in directory.MembersAsync(draft.Context.TenantId, draft.Export.UserId, cancellationToken))
            {
                await records.AddAsync([member.Id, member.Username, member.Email, member.FirstName, member.LastName, member.Enabled, member.EmailVerified], cancellationToken);
                draft.Context.Report(records.Count, unit: "members", words: "exporting members");
            }
        },
        cancellationToken);
}
