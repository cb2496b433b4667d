using System.Globalization;
using Microsoft.AspNetCore.Http;
using Saga.Api.Requests;

namespace Saga.Api.Tenants;

/// <summary>A tenant's version as an entity tag: sent as ETag, and received as If-Match.</summary>
internal static class TenantVersion
{
    public const string IfMatch = "If-Match";

    public static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>The version in If-Match; null when there is none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="query">Takes the error when the header is there and is no tag of a tenant.</param>
    public static long? Read(HttpRequest request, QueryReader query)
    {
        if (!request.Headers.TryGetValue(IfMatch, out var tags))
            return null;
        if (tags is [{ Length: > 2 } tag] && tag[0] == '"' && tag[^1] == '"' && long.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            return version;
        query.AddError(IfMatch, "must be given once: the ETag of the tenant, such as \"7\" with its quotation marks");
        return null;
    }
}
