using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Saga.Tests.Support.Keycloak.Real;

/// <summary>The importable realm of the repository, <c>deploy/keycloak/realm.json</c>.</summary>
public static class RealmFile
{
    public static JsonObject Read() => JsonNode.Parse(File.ReadAllText(Path()))!.AsObject();

    private static string Path([CallerFilePath] string here = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "..", "..", "..", "..", "deploy", "keycloak", "realm.json"));
}
