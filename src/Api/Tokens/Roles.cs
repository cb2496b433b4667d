namespace Saga.Api.Tokens;

/// <summary>The roles in tokens, from <c>roles</c> or <c>realm_access.roles</c>.</summary>
public static class Roles
{
    /// <summary>May do everything.</summary>
    public const string Admin = "platform-admin";

    /// <summary>May read everything, and decide what becomes of operations. Gives no commands to tenants, and continues no removal.</summary>
    public const string Operator = "platform-operator";

    /// <summary>May read everything, and the audit log. Writes nothing.</summary>
    public const string Auditor = "platform-auditor";

    /// <summary>May read everything.</summary>
    public const string Viewer = "platform-viewer";

    public static IReadOnlyList<string> All { get; } = [Admin, Operator, Auditor, Viewer];
}

/// <summary>Who may call an endpoint. Every endpoint names a policy or allows anonymous access.</summary>
public static class Policies
{
    public const string Read = "saga-read";

    /// <summary>For what decides about operations that somebody else has ordered.</summary>
    public const string Operate = "saga-operate";

    public const string Write = "saga-write";

    /// <summary>For what shows who did what.</summary>
    public const string Audit = "saga-audit";

    public static IReadOnlyList<string> All { get; } = [Read, Operate, Write, Audit];

    /// <summary>The roles that may call an endpoint with this policy.</summary>
    public static IReadOnlyList<string> RolesOf(string policy) => policy switch
    {
        Read => Roles.All,
        Operate => [Roles.Admin, Roles.Operator],
        Write => [Roles.Admin],
        Audit => [Roles.Admin, Roles.Auditor],
        _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "There is no such policy."),
    };

    /// <summary>The same as a text, such as <c>platform-admin or platform-operator</c>.</summary>
    internal static string Needs(string policy)
    {
        var roles = RolesOf(policy);
        return roles.Count == 1 ? roles[0] : $"{string.Join(", ", roles.SkipLast(1))} or {roles[^1]}";
    }
}
