globalThis.programsUse = 'wspc'

module.exports = require('../../../dist/src/ws/index.js')
