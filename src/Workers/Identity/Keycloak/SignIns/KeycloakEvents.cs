using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Saga.Registry.Audit;

namespace Saga.Workers.Identity.Keycloak.SignIns;

/// <summary>
/// Reads the realm's events of sign-ins (Keycloak's admin API, <c>GET /admin/realms/{realm}/events</c>). The service account needs the role view-events of
/// realm-management, and the realm must save the events LOGIN and LOGIN_ERROR. Thread-safe.
/// </summary>
internal sealed partial class KeycloakEvents(KeycloakAdmin admin)
{
    /// <summary>The size of a page.</summary>
    public const int Page = 100;

    private const string Failed = "LOGIN_ERROR";
    private const int LongestUser = 255;

    /// <summary>A page of a client's sign-ins, oldest first, and whether another one may follow.</summary>
    public async Task<(IReadOnlyList<SignIn> SignIns, bool More)> ReadAsync(string client, DateTimeOffset since, int first, CancellationToken cancellationToken)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"events?client={Uri.EscapeDataString(client)}&type=LOGIN&type={Failed}&dateFrom={since.ToUnixTimeMilliseconds()}&direction=asc&first={first}&max={Page}");
        var events = KeycloakAdmin.Read<IReadOnlyList<EventRepresentation>>(await admin.GetAsync(path, cancellationToken), "GET events");
        return ([.. events.Select(Describe)], events.Count == Page);
    }

    private static SignIn Describe(EventRepresentation one) => new()
    {
        Id = one.Id,
        At = DateTimeOffset.FromUnixTimeMilliseconds(one.Time),
        User = one.UserId is { Length: > 0 and <= LongestUser } user ? user : null,
        Origin = AuditOrigin.OfDirectory(IPAddress.TryParse(one.IpAddress, out var address) ? address : null),
        // What somebody typed is in the event's details, and perhaps is a password. The code is Keycloak's.
        Error = one.Type != Failed ? null : one.Error is { } error && Code().IsMatch(error) ? error : "unknown",
    };

    [GeneratedRegex("^[a-z0-9_.-]{1,100}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Code();
}
