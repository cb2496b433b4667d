namespace Saga.Tenancy.Connections;

/// <summary>The SQLSTATEs with which a product database refuses a tenant's statements.</summary>
public static class PlaceStates
{
    /// <summary>The tenant's place is closed, or the login has no place of the tenant.</summary>
    public const string Closed = "SG001";

    /// <summary>The tenant has moved since the session learned where its rows are.</summary>
    public const string Moved = "SG002";

    /// <summary>The tenant's rows may be read and not written.</summary>
    public const string ReadOnly = "SG003";
}
