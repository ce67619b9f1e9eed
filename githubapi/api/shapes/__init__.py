"""JSON in the shapes of GitHub's REST API, version 2022-11-28 (https://docs.github.com/rest). Names and ids are ours."""
