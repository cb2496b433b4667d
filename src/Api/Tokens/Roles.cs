namespace Saga.Api.Tokens;

/// <summary>The roles in tokens, from <c>roles</c> or <c>realm_access.roles</c>.</summary>
public static class Roles
{
    /// <summary>May do everything.</summary>
    public const string Admin = "platform-admin";

    /// <summary>May read everything.</summary>
    public const string Viewer = "platform-viewer";
}

/// <summary>Who may call an endpoint. Every endpoint names a policy or allows anonymous access.</summary>
public static class Policies
{
    public const string Read = "saga-read";

    public const string Write = "saga-write";
}
